#!/usr/bin/env python3
"""Makes places.csv from the ports table of the npm package sea-ports.

    npm pack sea-ports && tar xzf sea-ports-*.tgz package/lib/ports.json
    deploy/reference/make_places.py package/lib/ports.json > places.csv

Same input, same bytes. README.md says what is changed on the way and why.
"""

import csv
import json
import re
import sys

LOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")

# Latitude and longitude are exchanged in the package.
EXCHANGED = {"CDBOA", "CDMAT", "CLPPD", "DZAAE", "ISESK"}

# Positions in the package that are not the place: a centre of a country or a
# province, a namesake, another port. Left out, since an unknown place costs a
# rule its answer and a wrong one gives a false one.
WRONG = {
    "AUGOV",  # Darwin.
    "BMSOU",  # Southampton in England.
    "BRVIC",  # Another Conde.
    "CNBHY",  # Nanning.
    "CNHME",  # Haimen in Jiangsu.
    "CNJZU",  # Meizhou.
    "CNSWA",  # Centre of Guangdong.
    "CNZHA",  # Centre of Guangdong.
    "FRHON",  # A point in the Ain.
    "FRJAV",  # The same point.
    "IDBNT",  # Centre of Riau; the terminal lies off Natuna.
    "IDBUR",  # Balikpapan.
    "INHYD",  # Centre of Andhra Pradesh.
    "PESNX",  # Amazonas; the port lies in Ica.
    "RUPTP",  # Centre of Irkutsk oblast.
    "THPKN",  # Centre of Thailand.
    "UYCYR",  # Centre of Uruguay.
    "VEPSU",  # Barinas; the port lies at Cumana.
}

# Ports that matter to the common rules and are missing or wrong in the
# package. Read off a chart to a hundredth of a degree.
OWN = {
    "CNYTN": ("Yantian", 22.57, 114.27),
    "COTRB": ("Turbo", 8.07, -76.74),
    "ECPSJ": ("Posorja", -2.70, -80.24),
    "PAMIT": ("Manzanillo", 9.36, -79.88),
    "PAROD": ("Rodman", 8.96, -79.57),
    "VNCMT": ("Cai Mep", 10.53, 107.03),
}


def places(ports):
    """Yields (locode, name, latitude, longitude) in order of locode."""
    for locode in sorted(set(ports) | set(OWN)):
        if locode in OWN:
            yield (locode, *OWN[locode])
            continue
        port = ports[locode]
        if locode in WRONG or not LOCODE.fullmatch(locode):
            continue
        if "coordinates" not in port:
            continue
        longitude, latitude = port["coordinates"]
        if locode in EXCHANGED:
            latitude, longitude = longitude, latitude
        if abs(latitude) > 90 or abs(longitude) > 180:
            continue
        yield locode, port["name"].strip(), latitude, longitude


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        ports = json.load(file)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["locode", "name", "latitude", "longitude"])
    for locode, name, latitude, longitude in places(ports):
        # Four digits are eleven metres, far below what a port measures.
        out.writerow([locode, name, f"{latitude:.4f}", f"{longitude:.4f}"])


if __name__ == "__main__":
    main()
