"""Energy by the counters of the machine."""

import pytest
import torch

from scaling_study.errors import StudyError
from scaling_study.measure import energy

CPU = torch.device("cpu")


@pytest.fixture
def counters(monkeypatch, tmp_path):
    """The counters of two processors, as Linux has them."""
    pytest.importorskip("zeus")
    from zeus.device import cpu
    from zeus.device.cpu import rapl

    folder, files = tmp_path / "intel-rapl", []
    for place, name in (
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0/intel-rapl:0:0", "dram"),
        ("intel-rapl:1", "package-1"),
    ):
        (folder / place).mkdir(parents=True)
        for file, content in (("name", name), ("energy_uj", "1000000"), ("max_energy_range_uj", "262143328850")):
            (folder / place / file).write_text(content)
        files.append(folder / place / "energy_uj")
    monkeypatch.setattr(rapl, "RAPL_DIR", str(folder))
    monkeypatch.setattr(cpu, "_cpus", None)
    rapl.rapl_is_available.cache_clear()
    yield files
    rapl.rapl_is_available.cache_clear()


def test_joules_are_those_of_one_call_of_all_processors_and_their_memory(counters):
    meter = energy.energy_meter(CPU)
    calls = []

    def function():
        calls.append(1)
        for file, more in zip(counters, (2_000_000, 500_000, 1_000_000), strict=True):
            file.write_text(str(int(file.read_text()) + more))

    for repeats in (10, 5):
        calls.clear()
        assert energy.joules(meter, function, repeats) == pytest.approx(3.5)
        assert len(calls) == repeats


def test_a_machine_without_counters_is_named(monkeypatch, tmp_path):
    pytest.importorskip("zeus")
    from zeus.device import cpu
    from zeus.device.cpu import rapl

    monkeypatch.setattr(rapl, "RAPL_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(rapl, "CONTAINER_RAPL_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(cpu, "_cpus", None)
    rapl.rapl_is_available.cache_clear()
    with pytest.raises(StudyError, match="no counter that may be read"):
        energy.energy_meter(CPU)
    assert energy.meter_or_none(CPU) is None


def test_without_zeus_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(energy, "find_spec", lambda package: None)
    with pytest.raises(StudyError, match=r"pip install 'scaling_study\[energy\]'"):
        energy.energy_meter(CPU)
