"""What the comparison rests on, without its programs: build/peers/venv/bin/python -m unittest discover -s tools/peers"""
import json
import os
import pathlib
import sys
import tempfile
import unittest

import gguf_file
import kernels
import numpy as np
from agreement import agreement, check, check_typical
from files import kept, stamp_of
from floor import floor_s, floor_table, shares
from programs import Process, in_turn
from shapes import ROOT

CONFIG = {"model_type": "llama", "hidden_size": 8, "num_attention_heads": 2, "hidden_act": "silu", "rope_theta": 1e4}
DIES = "import sys; print('{}', flush=True); sys.stdin.readline()"  # with the first question, unanswered


class Floor(unittest.TestCase):
    SLOW = {"read": 1.0, "multiply_add": 10.0}
    WORK = {"head": {"bytes": 3.0, "flops": 20.0}, "attention": {"bytes": 1.0, "flops": 40.0},
            "rest": {"bytes": 5.0, "flops": 0.0}}

    def test_each_operation_takes_the_longer_of_reading_and_multiplying(self):
        self.assertEqual(floor_s(self.WORK, self.SLOW), 3 + 4 + 5)

    def test_a_share_is_formed_within_its_round_with_its_ceilings(self):
        fast = {"read": 3.0, "multiply_add": 30.0}  # a third of the floor
        self.assertEqual(shares(self.WORK, [self.SLOW, fast], [[24.0, 24.0, 99.0], [8.0]]), [12 / 24, 4 / 8])

    def test_the_table_has_a_row_for_each_step_and_two_columns_for_each_program_that_says_what_it_does(self):
        prepared = {"moebench bf16": {"decode": {"work": self.WORK}}, "llama.cpp bf16": {"decode": {}}}
        step_s = {"moebench bf16": {"decode": [[16.0]]}, "llama.cpp bf16": {"decode": [[1.0]]}}
        text = floor_table({"ceilings": [self.SLOW], "prepared": prepared, "step_s": step_s})
        self.assertEqual(text.splitlines()[0], "| ms a step | floor of moebench bf16 | reached |")
        self.assertEqual(text.splitlines()[2:], ["| decode | 12000 [12000, 12000] | 75 % [75, 75] |"])


class Kept(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "config.json").write_text("{}")
        (self.folder / "model.safetensors").write_bytes(b"weights")
        self.written = 0

    def ask(self, more: str = "") -> pathlib.Path:
        def write(file: pathlib.Path) -> None:
            self.written += 1
            file.write_text(str(self.written))
        return kept(self.folder / "made", stamp_of(self.folder, ("gguf_file.py",), more), write)

    def test_a_file_is_made_once_and_again_when_what_it_is_made_of_changes(self):
        for expected, change in enumerate((
                lambda: None,
                lambda: (self.folder / "config.json").write_text('{"a": 1}'),
                lambda: os.utime(self.folder / "model.safetensors", ns=(1, 1)),
                lambda: (self.folder / "model.safetensors").write_bytes(b"other weights"),
                lambda: (self.folder / "made.stamp").unlink(),
                lambda: (self.folder / "made").unlink()), start=1):
            change()
            self.ask()
            self.assertEqual(self.ask().read_text(), str(expected))
        self.ask("other ids")
        self.assertEqual(self.written, 7)

    def test_one_that_was_not_finished_is_not_taken_for_it(self):
        def write(file: pathlib.Path) -> None:
            file.write_text("half")
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            kept(self.folder / "made", "stamp", write)
        self.assertFalse((self.folder / "made").exists())


class Translated(unittest.TestCase):
    def found(self, **more):
        return gguf_file.check_translated(CONFIG | more, pathlib.Path("config.json"))

    def test_what_llama_cpp_takes_for_granted_may_be_said(self):
        self.assertEqual(self.found(head_dim=4, rope_scaling=None, _note="").architecture, "llama")

    def test_a_key_that_is_not_translated_is_refused_by_its_name(self):
        for key, value in (("rope_scaling", {"type": "linear"}), ("head_dim", 5), ("sliding_window", 9), ("attention_bias", True),
                           ("num_local_experts", 8), ("unheard_of", 1), ("model_type", "gpt_oss")):
            with self.assertRaisesRegex(RuntimeError, f"config.json: {key}: "):
                self.found(**{key: value})

    def test_every_model_that_is_compared_is_translated(self):
        for file in (*ROOT.glob("models/bundled/*/config.json"), ROOT / "models/configs/olmoe-1b-7b-0924.json"):
            gguf_file.check_translated(json.loads(file.read_text()), file)


class Asked(unittest.TestCase):
    def test_a_program_that_ended_is_named_with_its_log_and_is_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "peer.log"
            with Process([sys.executable, "-c", DIES], log, "native") as peer:
                for _ in range(2):  # the first ends it; the second stays in the pipe's buffer, which close() finds again
                    with self.assertRaisesRegex(RuntimeError, "peer ended with 0.*peer.log"):
                        peer.ask(do="logits")

    def test_another_one_is_first_each_time_and_all_have_their_turn(self):
        rounds = [in_turn(["a", "b", "c"], number) for number in range(4)]
        self.assertEqual([names[0] for names in rounds], ["a", "b", "c", "a"])
        self.assertEqual([sorted(names) for names in rounds], [["a", "b", "c"]] * 4)


class Agreed(unittest.TestCase):
    def test_an_expert_that_changes_at_few_positions_is_let_pass_and_another_model_is_not(self):
        random = np.random.default_rng(1)
        truth, other = random.standard_normal((2, 64, 100))
        few = truth.copy()
        few[:4] = other[:4]
        check_typical(agreement(few, truth), "bf16", "few")
        for theirs, refuses in ((few, check), (other, check), (other, check_typical)):
            with self.assertRaisesRegex(RuntimeError, "computes something else"):
                refuses(agreement(theirs, truth), "bf16", "theirs")


class Kernels(unittest.TestCase):
    def test_the_worst_check_of_all_numbers_of_rows_is_told(self):
        class Peer:
            def ask(self, step: dict, **_) -> dict:
                return {"checked": {8: 0.3, 64: 0.1}[step["rows"]]}
        self.assertEqual(kernels.worst_check(Peer(), "bf16", (8, 64)), 0.3)

    def test_ours_is_the_median_of_repetitions_without_their_aggregates(self):
        def entry(ms: float, run_type: str = "iteration") -> dict:
            return {"name": "a/threads2/real_time", "run_type": run_type, "real_time": ms, "time_unit": "ms"}
        printed = {"benchmarks": [entry(7.0), entry(900.0), entry(8.0), entry(305.0, "aggregate")]}
        self.assertEqual(kernels.median_of_repetitions(printed, "a/threads2"), 0.008)
        with self.assertRaisesRegex(RuntimeError, "expected 3 repetitions of a/threads1"):
            kernels.median_of_repetitions(printed, "a/threads1")


if __name__ == "__main__":
    unittest.main()
