"""Export: a case study, or a signature of your own, becomes a project that stands alone.

    from kit import export

    export.case("time_entries", "~/billing")
    export.new("triage", "message -> urgency: Literal['low', 'high']", "~/triage")

The project needs DSPy and nothing of `kit`. What travels: the prototype's own files, a sample of its data,
and the recorded replies that its tests and its evaluation ask for.
"""

from kit.export.blank import new
from kit.export.catalogue import Case, cases
from kit.export.files import BadProject
from kit.export.projects import NotProved, Project, case

__all__ = ["BadProject", "Case", "NotProved", "Project", "case", "cases", "new"]
