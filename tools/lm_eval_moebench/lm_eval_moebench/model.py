"""The model "moebench" of lm-evaluation-harness: hands all requests of a kind over at once."""

import copy
import os

from lm_eval.api.model import LM, TemplateLM
from lm_eval.api.registry import register_model
from lm_eval.utils import simple_parse_args_string

from lm_eval_moebench import program

GREEDY = {"temperature", "top_p", "top_k"}  # say nothing where nothing is sampled
LM_EVALS_DEVICE = "cuda:0"  # what its command line gives where the user gave none
LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")  # as lm-eval's own models take them


@register_model("moebench")
class MoebenchLM(LM):
    """model_args: `target` (a directory, card or org/name), `binary`, `tokenizer` (for chat templates; the target's
    otherwise), `max_gen_toks` (where a task does not say), and any key of a moebench target: dtype, numerics, device,
    weights, threads, max_length, top_k, ..."""

    def __init__(self, target, binary=None, tokenizer=None, max_gen_toks=256, **keys):
        super().__init__()
        self.program = program.find_program(binary)
        self.target = program.with_keys(str(target), keys)
        self.tokenizer_source = tokenizer or (target if os.path.isdir(target) else str(target).rsplit("@", 1)[0])
        self.max_gen_toks = int(max_gen_toks)
        self.took = []  # requests, tokens and seconds of each call of the program
        self._tokenizer = None

    @classmethod
    def create_from_arg_string(cls, arg_string, additional_config=None):
        return cls.create_from_arg_obj(simple_parse_args_string(arg_string), additional_config)

    @classmethod
    def create_from_arg_obj(cls, arg_dict, additional_config=None):
        """lm-eval's own batch sizes say nothing here: moebench makes its steps itself. Its --device is always given, so it
        cannot choose: model_args does."""
        device = (additional_config or {}).get("device")
        if device not in (None, "cpu", LM_EVALS_DEVICE, arg_dict.get("device")):
            raise program.MoebenchError(f"--device {device}: expected it in model_args, as device={device.split(':')[0]}")
        return cls(**arg_dict)

    def loglikelihood(self, requests, disable_tqdm=False):
        lines = [{"type": "loglikelihood", "context": r.args[0], "continuation": r.args[1]} for r in requests]
        return self._answers("loglikelihood", requests, lines, lambda a: (a["log_likelihood"], a["is_greedy"]))

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        lines = [{"type": "loglikelihood_rolling", "text": r.args[0]} for r in requests]
        return self._answers("loglikelihood_rolling", requests, lines, lambda a: a["log_likelihood"])

    def generate_until(self, requests, disable_tqdm=False):
        lines = [
            {"type": "generate_until", "context": r.args[0], **generation(r.args[1], self.max_gen_toks, f"{r.task_name} document {r.doc_id}")}
            for r in requests
        ]
        return self._answers("generate_until", requests, lines, lambda a: a["generated"])

    def _answers(self, kind, requests, lines, read):
        if not lines:
            return []
        answers, took = program.score(self.program, self.target, lines)
        self.took.append({"kind": kind, **took})
        results = [read(answer) for answer in answers]
        for request, result in zip(requests, results, strict=True):
            self.cache_hook.add_partial(kind, request.args, result)
        return results

    def get_model_info(self):
        return {"moebench": program.version(self.program), "moebench_target": self.target, "moebench_took": self.took}

    @property
    def tokenizer(self):
        """That of the checkpoint, as transformers reads it; asked for chat templates alone."""
        if self._tokenizer is None:
            try:
                from transformers import AutoTokenizer

                self._tokenizer = AutoTokenizer.from_pretrained(self.tokenizer_source)
            except (ImportError, OSError, ValueError) as error:
                raise program.MoebenchError(
                    f"a chat template needs transformers and the tokenizer of {self.tokenizer_source} "
                    f"(model_args tokenizer=DIR names another): {error}"
                ) from error
        return self._tokenizer

    @property
    def tokenizer_name(self):
        return self.tokenizer.name_or_path.replace("/", "__")

    def chat_template(self, chat_template=False):
        template = TemplateLM.chat_template(self, chat_template)  # chooses among the tokenizer's
        if chat_template and not template:
            raise program.MoebenchError(f"the tokenizer of {self.tokenizer_source} has no chat template")
        return template

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        """As lm-eval's hf: a template that refuses a system message is given the others."""
        from jinja2.exceptions import TemplateError

        def apply(messages):
            return self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=add_generation_prompt, continue_final_message=not add_generation_prompt
            )

        try:
            return apply(chat_history)
        except TemplateError:
            return apply([message for message in chat_history if message["role"] != "system"])


def generation(given, default_length, where):
    """`until` and `max_gen_toks` of a request; an error names what greedy decoding cannot do."""
    left = copy.deepcopy(given)
    until = left.pop("until", None) or []
    lengths = [left.pop(name, None) for name in LENGTHS]
    length = next((int(one) for one in lengths if one is not None), default_length)
    if left.pop("do_sample", float(left.get("temperature") or 0) > 0):
        raise program.MoebenchError(f"{where}: generation_kwargs {given}: moebench generates greedily; expected do_sample false or temperature 0")
    if left.pop("num_beams", 1) != 1:
        raise program.MoebenchError(f"{where}: generation_kwargs {given}: num_beams: expected 1, since moebench generates greedily")
    for name in left.keys() - GREEDY:
        raise program.MoebenchError(f"{where}: generation_kwargs {given}: {name} is not supported")
    return {"until": [until] if isinstance(until, str) else list(until), "max_gen_toks": length}
