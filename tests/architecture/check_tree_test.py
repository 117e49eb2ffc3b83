#!/usr/bin/env python3
"""Plants each fault in a small tree and sees it found, and no other."""

import pathlib
import shutil
import tempfile
import unittest

import check_tree


class CheckTree(unittest.TestCase):

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write("scoring/a.h", '#include "portrisk/v1/movement.pb.h"\n')
        self.write("store/a.h", "// Hides rocksdb::DB.\n")
        self.write("store/a.cc", "#include <rocksdb/db.h>\nrocksdb::DB* db;\n")
        self.write("service/a.cc",
                   '#include "scoring/a.h"\n#include "store/a.h"\n'
                   "#include <grpcpp/grpcpp.h>\ngrpc::Status s;\n")
        self.write("proto/a.proto", 'import "google/protobuf/any.proto";\n')

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def faults(self, check):
        return list(check_tree.CHECKS[check](self.root))

    def test_a_tree_in_order_has_no_fault(self):
        self.assertEqual(self.faults("includes"), [])
        self.assertEqual(self.faults("sizes"), [])

    def test_wrong_arrows_are_found(self):
        for path, line in [
            ("scoring/b.cc", '#include "store/a.h"'),
            ("scoring/b.cc", '#include "service/a.h"'),
            ("store/b.cc", '#include "scoring/a.h"'),
            ("service/b.cc", '#include "tests/a.h"'),
            ("scoring/b.cc", "#include <grpcpp/grpcpp.h>"),
            ("store/b.cc", '#include "portrisk/v1/rule_service.grpc.pb.h"'),
            ("store/b.cc", "grpc::Status status;"),
            ("service/b.cc", "rocksdb::DB* db;"),
            ("service/b.cc", '#include "rocksdb/db.h"'),
            ("proto/b.proto", 'import "service/b.proto";'),
        ]:
            with self.subTest(path=path, line=line):
                self.write(path, "// First line.\n" + line + "\n")
                faults = self.faults("includes")
                self.assertEqual(len(faults), 1, faults)
                self.assertTrue(faults[0].startswith(path + ":2: "), faults)
                (self.root / path).unlink()

    def test_private_headers_of_the_store_stay_in_it(self):
        self.write("store/rep.h", "#include <rocksdb/db.h>\n")
        self.write("store/a.cc", '#include "store/rep.h"\n')
        self.assertEqual(self.faults("includes"), [])
        # A public header that includes it carries it to the service.
        self.write("store/a.h", '#include "store/rep.h"\n')
        self.assertEqual(self.faults("includes"), [
            "service/a.cc:2: store/a.h brings RocksDB in; only store/*.cc may "
            "include such a header"])
        self.write("store/a.h", "namespace rocksdb { class DB; }\n")
        self.assertEqual(len(self.faults("includes")), 1)

    def test_words_in_comments_and_strings_are_not_uses(self):
        self.write("scoring/b.cc",
                   'int i;  // As grpc:: does.\nconst char s[] = "rocksdb::";')
        self.assertEqual(self.faults("includes"), [])

    def test_long_files_are_found(self):
        self.write("store/long.h", "\n" * 250)
        self.write("store/long.cc", "\n" * 500)
        self.assertEqual(self.faults("sizes"), [])
        self.write("store/long.h", "\n" * 251)
        self.write("store/long.cc", "\n" * 501)
        self.assertEqual(len(self.faults("sizes")), 2)

    @unittest.skipUnless(shutil.which("clang-format"), "no clang-format")
    def test_unformatted_files_are_found(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("service/a.cc", "int  a( );\n")
        faults = self.faults("format")
        self.assertEqual(len(faults), 1, faults)
        self.assertIn("clang-format -i service/a.cc", faults[0])


if __name__ == "__main__":
    unittest.main()
