// How an evaluation page looks: at a desk, on a phone, on paper.
#ifndef PORTRISK_SERVICE_EVALUATION_STYLE_H_
#define PORTRISK_SERVICE_EVALUATION_STYLE_H_

namespace portrisk::service {

inline constexpr char kEvaluationStyle[] = R"(
:root{color-scheme:light}
body{font:15px/1.45 system-ui,sans-serif;color:#1b1f24;background:#fff;
 max-width:66rem;margin:0 auto;padding:1rem;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0 .6rem}
h2{font-size:1.15rem;margin:2rem 0 .4rem;border-bottom:1px solid #d7dce2;
 padding-bottom:.2rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p.note{color:#57606a;margin:.2rem 0 .6rem}
.scroll{overflow-x:auto;background:
 linear-gradient(#fff,#fff) left/24px 100% no-repeat local,
 linear-gradient(#fff,#fff) right/24px 100% no-repeat local,
 linear-gradient(to right,#0003,#0000) left/10px 100% no-repeat scroll,
 linear-gradient(to left,#0003,#0000) right/10px 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.85rem;width:100%}
th,td{padding:.25rem .5rem;text-align:right;border-bottom:1px solid #eaeef2;
 white-space:nowrap;vertical-align:middle}
th:first-child{text-align:left}
thead th{border-bottom:2px solid #d7dce2;font-weight:600;white-space:normal;
 vertical-align:bottom}
td small{display:block;color:#57606a;font-size:.9em}
span.share{display:flex;justify-content:space-between;align-items:center;
 gap:.4rem}
svg{width:100%;max-width:46rem;height:auto;display:block}
svg.map{max-width:none}
svg text{font:11px system-ui,sans-serif;fill:#57606a}
svg .grid{stroke:#eaeef2}
svg .zero{stroke:#8b949e}
svg.map{background:#f6f8fa}
svg.map .grid{stroke:#dde3e9}
svg.map text.degree{font-size:9px;fill:#8b949e}
svg.map text.port{fill:#1b1f24;paint-order:stroke;stroke:#f6f8fa;
 stroke-width:3px}
tbody code{font-size:.8em;white-space:normal;color:#57606a;
 overflow-wrap:inherit}
tbody th{font-weight:400;min-width:11rem;max-width:26rem;white-space:normal;
 overflow-wrap:anywhere}
svg.bar{width:7.5rem;flex:none}
svg.bar .fill{fill:#9ec9e6}svg.bar .whisker{stroke:#1b1f24}
svg.mark{width:1.5rem;display:inline-block;vertical-align:middle;
 margin-right:.3rem}
p.key>span{display:inline-block;margin-right:1.2rem}
table.heat{width:auto;font-size:.72rem}
table.heat td,table.heat th{padding:.15rem .3rem;min-width:1.1rem;text-align:center;border:0}
table.heat tbody th{text-align:left;white-space:nowrap;max-width:none}
code{font-size:.85em;overflow-wrap:anywhere}
@media(max-width:40rem){svg text{font-size:17px}
 svg.map text.degree{font-size:13px}thead th{min-width:4rem}
 tbody th{min-width:6rem;max-width:10rem}
 tbody code{overflow-wrap:anywhere}
 th:first-child,thead td{position:sticky;left:0;background:#fff;
 box-shadow:inset 0 -1px #eaeef2}}
@media print{body{max-width:none;font-size:11px}
 h2,h3,p.note{break-after:avoid}p.key{break-before:avoid}
 svg,tr,p.key,table.heat{break-inside:avoid}.scroll{overflow:visible}
 svg{max-width:36rem}
 .scroll+p.note,.scroll+p.note+p.note{break-before:avoid;break-after:auto}
 table{font-size:.72rem}th,td{white-space:normal;padding:.15rem .3rem}
 svg.bar{width:4.5rem}*{print-color-adjust:exact;
 -webkit-print-color-adjust:exact}}
)";

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_STYLE_H_
