"""The program: what kind of file it is, who says so, and what it says.

    router = Router(read=pages, read_picture=ocr, voters=voters(models, known), processors=standard(models))
    router(file=found)

Rules name what is certain. For the rest voters are asked, from the cheapest to the most expensive, until two
agree and none differs. What a file says is text to judge, never an instruction: a model can only choose among
kinds, and nothing here writes, moves or deletes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy

from .folder import Found
from .kinds import CODED, KINDS, OTHER
from .processors import repeated
from .rules import kind_by_form, kind_by_style
from .typed import SECONDS, Document, Read, ReadPicture, typed
from .voters import Voter

ENOUGH = 2
SURE = 0.7
Rule = Callable[[Document], tuple[str, str] | None]


class ForeignKind(ValueError):
    """A kind is named that is not among the kinds; the message lists them."""


class Router(dspy.Module):
    """Send a file to the processor of its kind.

    Args:
        read: Reads a file's pages (see `typed`).
        voters: Who is asked where no rule speaks, the cheapest first (see `voters.voters`).
        read_picture: Reads the text in a picture, for scans and signs.
        kinds: The kinds, each with what it is for; "other" is always one.
        rules: What names a kind for certain; the first that speaks is believed.
        processors: What reads a file once its kind is known, by kind (see `processors.standard`).
        sure: A kind that a smaller share of the voters names is doubted.
        seconds: For how long a file may be read.

    The prediction holds `kind`; `by`, the rule or the voters that agree; `confidence`, the share of at least
    two voters who say that kind (not a model's opinion of itself), None for a rule; `votes`; `opening`, what
    was judged; `facts`; `doubts`, for a person; and `error`: why there are no facts, or "".

    Raises:
        ForeignKind: If there is a processor of a kind that is not among the kinds.
    """

    def __init__(
        self,
        read: Read,
        *,
        voters: Mapping[str, Voter],
        read_picture: ReadPicture | None = None,
        kinds: Mapping[str, str] = KINDS,
        rules: Sequence[Rule] = (kind_by_form, kind_by_style),
        processors: Mapping[str, dspy.Module] | None = None,
        sure: float = SURE,
        seconds: float = SECONDS,
    ) -> None:
        super().__init__()
        self.read, self.read_picture, self.rules = read, read_picture, list(rules)
        self.kinds, self.sure, self.seconds = dict(kinds), sure, seconds
        self.voters, self.processors = dict(voters), dict(processors or {})
        for kind in self.processors:
            self._known(kind, "a processor")

    def forward(self, file: Found) -> dspy.Prediction:
        """Route one file.

        Raises:
            dspy.LMError: If a model cannot be reached; the file is not to blame, and can be tried again.
            ForeignKind: If a rule or a voter names a kind that is not among the kinds.
        """
        if file.refused:
            return _routed(file.kind or "unreadable", error=file.refused)
        if file.format == ".zip":
            return _routed("archive", facts={"files": file.members})
        try:
            document = typed(file.path, file.format, self.read, self.read_picture, self.seconds)
        except Exception as error:  # noqa: BLE001 - readers raise anything; the row says what, the pile goes on
            return _routed("unreadable", error=one_line_error(error, file))
        try:
            named = self.named(document)
        except (dspy.LMError, ForeignKind):
            raise
        except Exception as error:  # noqa: BLE001 - a voter or a rule may raise anything; the pile goes on
            return _routed(
                "unknown", by="nobody", opening=document.opening, error=one_line_error(error, file)
            )
        processor = self.processors.get(named["kind"])
        try:
            done = dict(Watched(processor)(document=document)) if processor else {}
        except dspy.LMError:
            raise
        except Exception as error:  # noqa: BLE001 - the kind is known, so the row keeps it and the error
            done = {"error": one_line_error(error, file)}
        doubts = [*named.pop("doubts"), *done.pop("doubts", [])]
        return _routed(**named, opening=document.opening, doubts=doubts, **done)

    def named(self, document: Document) -> dict[str, Any]:
        """Return kind, by, confidence, votes and doubts: a rule's, or those of the voters."""
        if found := next((said for rule in self.rules if (said := rule(document))), None):
            return {"kind": self._known(found[0], "a rule"), "by": f"rule: {found[1]}", "doubts": []}
        votes: dict[str, str] = {}
        for name, voter in self.voters.items():
            if vote := voter(document):
                votes[name] = self._known(vote, name)
            if len(votes) >= ENOUGH and len(set(votes.values())) == 1:
                break
        return elected(votes, self.sure)

    def _known(self, kind: str, who: str) -> str:
        if kind in (*self.kinds, OTHER, *CODED):
            return kind
        raise ForeignKind(f"There is no kind {kind!r} ({who}). Kinds: {', '.join(self.kinds)}, {OTHER}.")


class Watched(dspy.Module):
    """Run a processor, and doubt a reply that was cut and a fact that repeats itself.

    A module's `history` holds the calls that were made in it. Each file has a `Watched` of its own, so calls
    of other threads are not in it; with DSPy's history off, no cut is seen.
    """

    def __init__(self, processor: dspy.Module) -> None:
        super().__init__()
        self.read = processor

    def forward(self, document: Document) -> dspy.Prediction:
        """Read one file."""
        done = {"facts": {}, "doubts": []} | dict(self.read(document=document))
        cut = [f"the reply was cut{_at(call)}" for call in self.history if is_cut(call)]
        return dspy.Prediction(**done | {"doubts": [*done["doubts"], *cut, *repeated(done["facts"])]})


def is_cut(call: Mapping[str, Any]) -> bool:
    """Say whether a call of a history ended at its limit of tokens, by DSPy's own engines or by LiteLLM."""
    responses = getattr(call["response"], "choices", None) or [call["response"]]
    return any(getattr(one, "finish_reason", "") == "length" for one in responses)


def _at(call: Mapping[str, Any]) -> str:
    tokens = (call["usage"] or {}).get("completion_tokens")
    return f" at {tokens:,} tokens" if tokens else ""


def elected(votes: Mapping[str, str], sure: float = SURE) -> dict[str, Any]:
    """Return the kind that most voters name; among equals, the one that the first of them names.

    >>> elected({"words": "letter", "small": "invoice", "large": "letter"}, sure=0.7)["doubts"]
    ['words and large say letter, small says invoice']
    >>> elected({"large": "manual"})["confidence"]
    0.5
    """
    if not votes:
        return {"kind": "unknown", "by": "nobody", "doubts": ["nobody names a kind"]}
    count = Counter(votes.values())
    kind = max(votes.values(), key=lambda vote: count[vote])
    confidence = round(count[kind] / max(ENOUGH, len(votes)), 2)
    doubts = [_said(votes)] if confidence < sure else []
    by = " and ".join(name for name, vote in votes.items() if vote == kind)
    return {"kind": kind, "by": by, "confidence": confidence, "votes": dict(votes), "doubts": doubts}


def _said(votes: Mapping[str, str]) -> str:
    """Say who named what."""
    if len(votes) == 1:
        return f"only {next(iter(votes))} names a kind"
    camps = {kind: [name for name, vote in votes.items() if vote == kind] for kind in votes.values()}
    return ", ".join(
        f"{' and '.join(names)} say{'s' * (len(names) == 1)} {kind}" for kind, names in camps.items()
    )


def one_line_error(error: Exception, file: Found) -> str:
    """Return an error as one line, without the place where the file lies; an unforeseen one with its type."""
    text = " ".join(str(error).split()).removeprefix(f"{file.path.name}: ").replace(str(file.path), file.name)
    foreseen = not isinstance(error, LookupError | TypeError | AttributeError | MemoryError)
    return text if text and foreseen else f"{type(error).__name__}: {text}"


def _routed(
    kind: str,
    by: str = "code",
    confidence: float | None = None,
    votes: dict[str, str] | None = None,
    opening: str = "",
    facts: dict[str, Any] | None = None,
    doubts: list[str] | None = None,
    error: str = "",
) -> dspy.Prediction:
    return dspy.Prediction(
        kind=kind,
        by=by,
        confidence=confidence,
        votes=votes or {},
        opening=opening,
        facts=facts or {},
        doubts=doubts or [],
        error=error,
    )
