"""What is compared: two models, four timed steps, and who is set beside whom."""
import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLMOE = ROOT / "models/configs/olmoe-1b-7b-0924.json"
MASK = (1 << 64) - 1
PROMPT_SEED = 20240607  # of the ids that moebench's speed suites draw (suites/timing.cpp)


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    title: str
    config: dict


@dataclasses.dataclass(frozen=True)
class Step:
    """What is timed: `new_tokens` tokens for each of `batch` sequences behind `context` tokens in the cache, with the
    logits of each sequence's last token and without sampling. After it the cache is cut to the context again."""

    batch: int
    context: int
    new_tokens: int

    @property
    def title(self) -> str:
        if self.context == 0:
            return f"prefill, {self.new_tokens} tokens"
        return f"decode, batch {self.batch}, context {self.context}"

    @property
    def tokens(self) -> int:
        return self.batch * self.new_tokens

    @property
    def rounds(self) -> int:
        """Sets of new tokens that take turns, as many as moebench has."""
        return min(max(4096 // self.tokens, 2), 16)


@dataclasses.dataclass(frozen=True)
class Contender:
    program: str  # moebench, llama.cpp, transformers
    weights: str = "bf16"

    @property
    def title(self) -> str:
        return f"{self.program} {self.weights}"


@dataclasses.dataclass(frozen=True)
class Pair:
    ours: Contender
    theirs: Contender
    optional: bool = False  # timed with --quantised


OURS = Contender("moebench")
PAIRS = (
    Pair(OURS, Contender("llama.cpp")),
    Pair(OURS, Contender("transformers")),
    Pair(Contender("moebench", "int8"), Contender("llama.cpp", "Q8_0"), optional=True),
    Pair(Contender("moebench", "int4"), Contender("llama.cpp", "Q4_K_M"), optional=True),
    Pair(Contender("moebench", "int8"), OURS, optional=True),
)
REFERENCE = Contender("transformers", "float32")
FLOAT32_PAIR = Pair(OURS, REFERENCE)
STEPS = (Step(1, 0, 512), Step(1, 128, 1), Step(4, 128, 1), Step(16, 128, 1))
SMOKE_STEPS = (Step(1, 0, 64), Step(1, 32, 1), Step(4, 32, 1))


def mixture(layers: int = 4, **smaller: int) -> Model:
    """OLMoE-1B-7B with fewer layers."""
    config = {key: value for key, value in json.loads(OLMOE.read_text()).items() if not key.startswith("_")}
    config |= {"num_hidden_layers": layers, **smaller}
    title = ("Mixture: {num_hidden_layers} layers of width {hidden_size}, {num_experts} experts of width "
             "{intermediate_size}, {num_experts_per_tok} a token")
    return Model("mixture", title.format(**config), config)


def dense_twin(mixture_config: dict) -> Model:
    """The Llama that does as much for a token: as wide as the experts that a token goes to are together."""
    shared = ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size",
              "max_position_embeddings", "rms_norm_eps", "rope_theta", "hidden_act", "tie_word_embeddings", "torch_dtype")
    config = {key: mixture_config[key] for key in shared} | {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "mlp_bias": False,
        "intermediate_size": mixture_config["num_experts_per_tok"] * mixture_config["intermediate_size"]}
    title = "Dense: {num_hidden_layers} layers of width {hidden_size}, MLP of width {intermediate_size}"
    return Model("dense", title.format(**config), config)


def models(smoke: bool) -> list[Model]:
    small = {"layers": 1, "hidden_size": 64, "intermediate_size": 32, "num_attention_heads": 4, "num_key_value_heads": 4,
             "num_experts": 8, "num_experts_per_tok": 2, "vocab_size": 512, "max_position_embeddings": 512}
    first = mixture(**small) if smoke else mixture()
    return [first, dense_twin(first.config)]


def random_ids(count: int, vocabulary: int, seed: int) -> list[int]:
    """moebench's own random ids (harness/random.h): all programs get the same tokens, so a router picks the same experts."""
    ids = []
    for i in range(count):
        x = (seed + (i + 1) * 0x9E3779B97F4A7C15) & MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        ids.append(((x ^ (x >> 31)) * vocabulary) >> 64)
    return ids
