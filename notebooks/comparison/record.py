"""What all three extract, and how it is scored: the record and the metric of lesson 05."""

from typing import Literal

from pydantic import BaseModel, Field


class Vitals(BaseModel):
    systolic_mmhg: int | None
    diastolic_mmhg: int | None


class Medication(BaseModel):
    drug: str
    dose_mg: float = Field(description="one dose in milligrams; 1 g is 1000")
    frequency: Literal["once daily", "twice daily", "three times daily", "as needed"]


class PatientRecord(BaseModel):
    name: str = Field(description="first and last name, without a title")
    age: int
    vitals: Vitals
    medications: list[Medication] = Field(description="what is taken from now on, not what was stopped")
    follow_up_weeks: int | None


def fields_right(expected: PatientRecord, found: PatientRecord) -> float:
    """Return the share of fields that are right, of all that either record holds."""
    wanted, got = _fields(expected), _fields(found)
    return sum(got.get(name, ...) == value for name, value in wanted.items()) / len(wanted | got)


def _fields(record: PatientRecord) -> dict:
    flat = {
        "name": record.name.lower(),
        "age": record.age,
        "systolic": record.vitals.systolic_mmhg,
        "diastolic": record.vitals.diastolic_mmhg,
        "follow-up": record.follow_up_weeks,
    }
    for medication in record.medications:
        drug = medication.drug.lower()
        flat |= {(drug, "drug"): drug, (drug, "dose"): medication.dose_mg}
        flat[drug, "frequency"] = medication.frequency
    return flat
