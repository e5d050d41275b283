"""FittedLM: a `dspy.LM` that leaves out the options that its model refuses.

    lm = FittedLM("openai/gpt-5.6-luna", refuses=["caps", "sampling"])
    lm("Sky?", temperature=0.7, max_tokens=40)      # both are left out, and that is said once

Options reach a model in many ways: `dspy.LM(...)`, `lm.copy(...)`, `dspy.Predict(..., max_tokens=40)`, an
adapter, an optimizer. All of them end in one call of the model, and this class fits that call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import dspy
from dspy.lm15 import Reasoning, Request

SMALLEST_CAP = 16_000  # DSPy's own bound for OpenAI's reasoning models: thoughts count in the cap
CAPS = ("max_tokens", "max_completion_tokens")
SAMPLING = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")
BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
)
KINDS = ("bounds", "caps", "json mode", "sampling", "tools")
_NAMED = ("properties", "$defs", "definitions")
log = logging.getLogger(__name__)


class FittedLM(dspy.LM):
    """A model that gets no option that it refuses, or that would cut it off while it thinks.

    Args:
        model: As for `dspy.LM`; so are the other options.
        refuses: Which kinds of options are left out. "bounds": those of numbers, texts and lists in a schema;
            DSPy checks the reply against the types of a signature, which have them. "caps": a limit under
            16,000 tokens, which the thoughts of a reasoning model alone can use up. "sampling": a
            temperature, top_p, top_k or penalty. "json mode": a request for JSON without a schema; the
            prompt asks for JSON all the same. "tools": tools while the model reasons; they stay, and its
            reasoning is turned off for the call.
        say: Called with a line about what was changed, once for each kind and model.

    Raises:
        ValueError: If a kind is unknown.
    """

    def __init__(
        self, model: str, *, refuses: Iterable[str], say: Callable[[str], None] = log.warning, **options: Any
    ) -> None:
        self.refuses, self.say = frozenset(refuses), say
        if unknown := self.refuses.difference(KINDS):
            raise ValueError(f"No model refuses {', '.join(sorted(unknown))}. Valid: {', '.join(KINDS)}.")
        self.model, self.model_type, self.kwargs = model, options.get("model_type", "chat"), {}
        super().__init__(model, **self.fitted(options))

    def __call__(self, prompt: Any = None, *, messages: Any = None, **options: Any) -> Any:
        """Ask the model, as `dspy.LM` does, with the options that it takes."""
        return super().__call__(self._fitted_request(prompt), messages=messages, **self.fitted(options))

    async def acall(self, prompt: Any = None, *, messages: Any = None, **options: Any) -> Any:
        """Ask the model and wait, as `dspy.LM` does, with the options that it takes."""
        return await super().acall(self._fitted_request(prompt), messages=messages, **self.fitted(options))

    def fitted(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a call; None stands for one of them, or of the LM's own, that is left out."""
        asked = {name: value for name, value in {**self.kwargs, **options}.items() if value is not None}
        changed: dict[str, Any] = {}
        if "sampling" in self.refuses:
            changed |= dict.fromkeys(name for name in SAMPLING if name in asked)
            if asked.get("temperature", 1.0) != 1.0 or any(name in asked for name in SAMPLING[1:]):
                self._tell("sets its own temperature; temperature and other sampling options are left out")
        if "caps" in self.refuses:
            small = [name for name in CAPS if asked.get(name, SMALLEST_CAP) < SMALLEST_CAP]
            changed |= dict.fromkeys(small)
            if small:
                self._tell(f"counts its thoughts as output; a max_tokens under {SMALLEST_CAP:,} is left out")
        if "json mode" in self.refuses and asked.get("response_format") == {"type": "json_object"}:
            changed["response_format"] = None
            self._tell("has no JSON mode without a schema; the prompt alone asks for JSON in such calls")
        format_ = asked.get("response_format") if "bounds" in self.refuses else None
        if format_ and (unbound := _unbound(format_)) is not format_:
            changed["response_format"] = unbound
            self._tell("takes no bounds in a schema; they are left out, and the reply is checked instead")
        if "max_tokens" in options and "max_completion_tokens" in self.kwargs:  # one cap, under one name
            changed["max_completion_tokens"] = None
        if self._must_not_reason(asked):
            changed["reasoning_effort"] = "none"
        return {**options, **changed}

    def dump_state(self) -> dict[str, Any]:
        """Return the state of a plain `dspy.LM`, which loads without `kit`; it holds no refused option."""
        state = super().dump_state()
        fitted = self.fitted({name: state[name] for name in (*CAPS, *SAMPLING) if name in state})
        return state | fitted | {"_dspy_lm_class": f"{dspy.LM.__module__}.{dspy.LM.__qualname__}"}

    def _must_not_reason(self, asked: dict[str, Any]) -> bool:
        if "tools" not in self.refuses or not asked.get("tools") or self.model_type != "chat":
            return False
        if asked.get("reasoning_effort") != "none":
            self._tell("does not reason in a call with tools; its reasoning is turned off for those calls")
        return True

    def _fitted_request(self, prompt: Any) -> Any:
        """Fit a Request, which carries its options itself."""
        if not isinstance(prompt, Request):
            return prompt
        names = [name for name in ("max_tokens", *SAMPLING) if getattr(prompt.config, name) is not None]
        asked = {name: getattr(prompt.config, name) for name in names} | {"tools": prompt.tools}
        changed = {name: value for name, value in self.fitted(asked).items() if name in names}
        if self._must_not_reason(asked):
            changed["reasoning"] = Reasoning(effort="off")
        return replace(prompt, config=replace(prompt.config, **changed))

    def _tell(self, what: str) -> None:
        _once(self.say, f"{self.model} {what}.")


def refusals(model: str) -> list[str]:
    """Return what a model refuses as far as DSPy knows, e.g. ["caps", "sampling"]; nothing is sent."""
    if model.startswith("offline/"):  # no provider of DSPy's, which would import LiteLLM to find that out
        return []
    kinds = ["bounds", "json mode"] if model.startswith("anthropic/") else []
    try:
        reasons = dspy.LM(model, temperature=0.5, max_tokens=1000).supports_reasoning
    except dspy.LMConfigurationError:  # DSPy's own refusal, for OpenAI's reasoning models behind any provider
        reasons = True
    return ["caps", "sampling", *kinds] if reasons else kinds


def _unbound(format_: Any) -> Any:
    """Return a response format, a Pydantic model or a dict, without bounds; the same one if it has none."""
    if isinstance(format_, dict):
        free = _free(format_)
        return format_ if free == format_ else free
    schema = format_.model_json_schema()
    if _free(schema) == schema:
        return format_

    def model_json_schema(cls: type, *args: Any, **options: Any) -> dict[str, Any]:
        return _free(format_.model_json_schema(*args, **options))

    return type(format_.__name__, (format_,), {"model_json_schema": classmethod(model_json_schema)})


def _free(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without bounds; with `names`, the keys of a dict are names and no words of the schema.

    >>> _free({"properties": {"maximum": {"type": "integer", "maximum": 5}}})
    {'properties': {'maximum': {'type': 'integer'}}}
    """
    if isinstance(schema, list):
        return [_free(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if names or key not in BOUNDS}
    return {key: _free(value, names=not names and key in _NAMED) for key, value in kept.items()}


@cache
def _once(say: Callable[[str], None], text: str) -> None:
    say(text)
