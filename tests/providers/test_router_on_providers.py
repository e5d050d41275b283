"""The router's programs are taken by providers that are as strict as the real ones."""

from pathlib import Path

import dspy
import pytest
from standin import WIRES, StandIn

import kit
from kit.cases.router import KINDS, OTHER, Document, Invoices, Namer, Router, voters
from kit.cases.terse import Terse

BILL = "Account rendered. For tuning the piano: 120 euros. Please pay within two weeks."


@pytest.mark.parametrize("profile", WIRES)
@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), Terse()], ids=["chat", "terse"])
def test_they_run(profile, adapter, monkeypatch):
    """The program for a strong model, voters in both roles and a processor: nothing is refused."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    document = Document(Path("a.txt"), ".txt", (BILL,))
    with StandIn(profile) as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        models = {role: kit.lm(role, cache=False, num_retries=0) for role in ("small", "large")}
        router = Router(None, voters=voters(models, [(BILL, "invoice")], adapter=adapter))
        reader = Invoices(adapter)
        with dspy.context(lm=models["large"], adapter=adapter):
            said = [Namer()(opening=BILL).kind, router.named(document)["kind"]]
            assert set(reader(document=document).facts) == {"issued_by", "amount_due", "due"}
        assert set(said) <= {*KINDS, OTHER}
        assert provider.answered
        assert provider.refused == []
