#!/usr/bin/env python3
"""What `portrisk expr` promises: values, errors, order, line numbers.

    expr_cli_test.py PORTRISK
"""

import json
import subprocess
import sys
import unittest

PORTRISK = sys.argv.pop(1)


def portrisk(*args, text=""):
    return subprocess.run([PORTRISK, "expr", *args], input=text,
                          capture_output=True, text=True, check=False)


def batch(*lines, engine="compiled"):
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n"
                   for line in lines)
    done = portrisk("batch", "-", "--engine", engine, text=text)
    return done.returncode, [json.loads(line)
                             for line in done.stdout.splitlines()]


class Eval(unittest.TestCase):

    def test_prints_a_value_as_the_language_writes_it(self):
        done = portrisk("eval", "{'a': [1, 2u, 'x', b'y']}.a")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "[1, 2u, 'x', b'y']\n")

    def test_takes_plain_json_and_the_form_of_cel(self):
        done = portrisk("eval", "a.b[0] + 1 == 8 && type(u) == uint", "--bind",
                        '{"a": {"b": [7]}, "u": {"uint64Value": "3"}}')
        self.assertEqual(done.stdout, "true\n", done.stderr)

    def test_an_error_is_told_and_fails(self):
        done = portrisk("eval", "1 / 0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("divide by zero", done.stderr)

    def test_a_mistake_has_its_place(self):
        done = portrisk("eval", "1 +")
        self.assertEqual(done.returncode, 1)
        self.assertIn("at character 4", done.stderr)

    def test_bindings_that_are_no_json_are_told(self):
        done = portrisk("eval", "1", "--bind", "{x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--bind is not JSON", done.stderr)

    def test_a_missing_descriptor_file_is_told(self):
        done = portrisk("eval", "1", "--descriptors", "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FileDescriptorSet", done.stderr)


class Batch(unittest.TestCase):

    def test_answers_in_order_with_both_engines(self):
        for engine in ("compiled", "naive"):
            code, answers = batch(
                {"id": "a", "expr": "1 + 1"},
                {"id": 2, "expr": "nobody"},
                {"id": "c", "expr": "x", "bindings":
                    {"x": {"bytesValue": "eA=="}}},
                {"id": "d", "expr": "y", "container": "x",
                 "bindings": {"x.y": {"doubleValue": "NaN"}}},
                engine=engine)
            self.assertEqual(code, 0)
            self.assertEqual(answers[0],
                             {"id": "a", "value": {"int64Value": "2"}})
            self.assertEqual(answers[1]["id"], 2)
            self.assertIn("nobody", answers[1]["error"])
            self.assertEqual(answers[2]["value"], {"bytesValue": "eA=="})
            self.assertEqual(answers[3]["value"], {"doubleValue": "NaN"})

    def test_a_line_that_is_no_json_loses_nothing(self):
        code, answers = batch({"id": 1, "expr": "1"}, "{broken",
                              {"id": 3, "expr": "3"})
        self.assertEqual(code, 2)
        self.assertEqual([a.get("id") for a in answers], [1, None, 3])
        self.assertEqual(answers[1]["line"], 2)
        self.assertIn("not JSON", answers[1]["error"])

    def test_a_line_without_an_expression_is_an_error_of_its_own(self):
        code, answers = batch({"id": 1}, {"id": 2, "expr": "true"})
        self.assertEqual(code, 0)
        self.assertIn("expr", answers[0]["error"])
        self.assertEqual(answers[1]["value"], {"boolValue": True})

    def test_a_binding_that_cannot_be_read_names_itself(self):
        _, answers = batch({"id": 1, "expr": "x", "bindings":
                            {"x": {"int64Value": "many"}}})
        self.assertIn("binding x", answers[0]["error"])

    def test_an_optional_is_refused_with_a_way_out(self):
        _, answers = batch({"id": 1, "expr": "optional.of(1)"})
        self.assertIn("orValue", answers[0]["error"])

    def test_times_and_text_come_in_the_form_of_protobuf(self):
        _, answers = batch({"id": 1, "expr": "duration('90s')"},
                           {"id": 2, "expr": "'\"\\n\\u00e9'"})
        self.assertEqual(answers[0]["value"]["objectValue"]["value"], "90s")
        self.assertEqual(answers[1]["value"]["stringValue"], '"\n\u00e9')


if __name__ == "__main__":
    unittest.main()
