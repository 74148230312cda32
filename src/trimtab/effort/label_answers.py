"""Answers on labels as a notebook shows them: the page, or else a line of text."""

from dataclasses import dataclass, fields

from trimtab.stats.label_answer import LabelModel
from trimtab.stats.label_errors import LabelErrors


@dataclass(frozen=True, slots=True, repr=False)
class ShownLabelModel(LabelModel):
    """A `LabelModel` that notebooks can show."""

    @classmethod
    def of(cls, found: LabelModel) -> "ShownLabelModel":
        """Return the same answer, to be shown."""
        return cls(**{part.name: getattr(found, part.name) for part in fields(found)})

    def __repr__(self) -> str:
        """Say in a line how many labels there are, and how sure they are."""
        warned = f"; warnings: {len(self.warnings)}" if self.warnings else ""
        return (
            f"<LabelModel: {len(self.probabilities):,} rows by {self.method} from "
            f"{len(self.sources)} sources; {self.expected_wrong:,.0f} labels expected to be "
            f"wrong{warned}>"
        )

    def _repr_html_(self) -> str:
        from trimtab.effort.label_page import label_fragment

        return label_fragment(self)


@dataclass(frozen=True, slots=True, repr=False)
class ShownLabelErrors(LabelErrors):
    """A `LabelErrors` that notebooks can show."""

    @classmethod
    def of(cls, found: LabelErrors) -> "ShownLabelErrors":
        """Return the same answer, to be shown."""
        return cls(**{part.name: getattr(found, part.name) for part in fields(found)})

    def __repr__(self) -> str:
        """Say in a line how many labels look wrong, and how many are."""
        wrong = self.n_wrong
        return (
            f"<LabelErrors: {self.rows.size:,} of {self.n_rows:,} labels look wrong; estimated "
            f"{wrong.estimate:,.0f} ({wrong.low:,.0f} to {wrong.high:,.0f})>"
        )

    def _repr_html_(self) -> str:
        from trimtab.effort.label_page import label_errors_fragment

        return label_errors_fragment(self)
