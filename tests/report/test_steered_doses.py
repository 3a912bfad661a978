"""Doses of a steering vector stand on the curve with their sign; controls have no place on it."""

from types import SimpleNamespace

from simrun.report.drawing.dose import doses, stepped


def test_the_dose_of_a_vector_has_a_sign_and_decimals():
    names = ("doctor.steer.dose=0 patient.age=70", "doctor.steer.dose=-4 patient.age=70", "doctor.steer.dose=0.5")
    arms = [SimpleNamespace(name=name, control="") for name in names]
    control = SimpleNamespace(name="random 1 doctor.steer.dose=-4", control="random")
    assert doses([*arms, control]) == {
        names[0]: (0, "patient.age=70"),
        names[1]: (-4, "patient.age=70"),
        names[2]: (0.5, ""),
    }
    assert stepped(arms) == "steer.dose"
    assert stepped([SimpleNamespace(name="doctor.dose=2", control="")]) == "dose"
