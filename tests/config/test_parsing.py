import math
import re
from dataclasses import fields

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import open_dict

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.config.ranges import RULES
from scaling_study.config.schema import Config, keys, written
from scaling_study.errors import ConfigError
from scaling_study.planning.identity import run_of

ANY = ("workers", "data.loader_workers", "limits.memory_gb")  # numbers or auto


def numbers():
    """Dotted keys of the schema that hold a number."""
    for key in keys():
        kind = Config
        for name in key.split("."):
            kind = next(field.type for field in fields(kind) if written(field.name) == name)
        if key in ANY or re.search(r"\b(int|float)\b", str(kind)):
            yield key


@pytest.mark.parametrize("key", list(numbers()))
def test_every_number_has_a_least_and_a_greatest_value(key):
    rule = RULES[key]
    for bad in (10**400, -(10**400), 1e308, -1e308, math.inf, -math.inf, math.nan, True, False, "many", [], {}):
        assert bad not in rule
        assert [bad] not in rule
    assert 1 in rule or [1] in rule or [1, 1, 1] in rule or 100 in rule or 0.5 in rule


@pytest.mark.parametrize("value", ["9" * 400, "1e400", "-1e400", "nan", "null", "true", "[1]", "{a: 1}", "'1 000'"])
@pytest.mark.parametrize("key", ["recipe.learning_rate", "recipe.epochs", "scaling.width", "workers"])
def test_whatever_stands_for_a_number_is_told_in_the_words_of_its_range(config, key, value):
    with pytest.raises(ConfigError, match=rf"^{key}=.*: {re.escape(RULES[key].message)}$"):
        config(f"{key}={value}")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("recipe.epochs=0", "recipe.epochs=0: must be a whole number from 1 to 1000000"),
        ("recipe.epochs=1.5", "recipe.epochs=1.5: must be a whole number"),
        ("scaling.depth=0", "scaling.depth=0.0: must be a number from 0.001"),
        ("scaling.width=-1", "scaling.width=-1.0: must be a number from 0.001"),
        ("scaling.resolution=nan", "scaling.resolution=nan: must be a number from"),
        ("scaling.width=inf", "scaling.width=inf: must be a number from"),
        ("scaling.phi=nan", "scaling.phi=nan: must be a number from -64 to 64"),
        ("scaling.method=best", "scaling.method=best: must be one of depth, width, resolution"),
        ("scaling.point=nowhere", r"scaling.point=nowhere: must be one of scaling.points: \(none\)"),
        ("+scaling.points.a=3", None),
        ("study=..", r"study=\.\.: must be one folder name"),
        ("study=a/b", "study=a/b: must be one folder name"),
        ("study=/tmp/x", "study=/tmp/x: must be one folder name"),
        ("study=''", "study=: must be one folder name"),
        ("device=tpu", "device=tpu: must be one of auto, cpu, cuda"),
        ("workers=0", "workers=0: must be auto or a whole number from 1"),
        ("workers=some", "workers=some: must be auto or a whole number from 1"),
        ("seed=-1", "seed=-1: must be a whole number from 0 to 4294967295"),
        ("data.name=mnist", "data.name=mnist: must be one of fractals"),
        ("model.name=vgg", "model.name=vgg: must be micro_mbconv; model=timm takes"),
        ("data.train_images=0", "data.train_images=0: must be a whole number from 1 to 1000000000, or null"),
        ("recipe.label_smoothing=1", "recipe.label_smoothing=1.0: must be a number from 0 and below 1"),
        ("recipe.batch_size=1", "recipe.batch_size=1: must be a whole number from 2"),
        ("recipe.precision=fp8", "recipe.precision=fp8: must be one of auto"),
        ("data.resolution=7", "data.resolution=7: gives 7 pixels; model=micro_mbconv needs at least 8"),
        ("scaling.resolution=0.5", "scaling.resolution=0.5: gives 7 pixels"),
    ],
)
def test_bad_values_name_key_value_and_what_is_allowed(config, override, message):
    if message is None:
        assert config(override).scaling.point is None  # a bad point that is not used harms nothing
        return
    with pytest.raises(ConfigError, match=f"^{message}"):
        run_of(config(override))


def test_graphs_and_parts_of_batches_exclude_each_other(config):
    with pytest.raises(ConfigError, match=r"^cuda_graphs=True: must be false with micro_batch_size"):
        config("cuda_graphs=true", "micro_batch_size=8")


def test_mixing_needs_pairs(config):
    with pytest.raises(ConfigError, match=r"^recipe\.batch_size=9: must be even"):
        config("recipe.batch_size=9", "recipe.mixup=0.2")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["scaling.depth=1e5"], r"scaling\.depth=100000\.0: makes a network of about 4\.1e\+06 layers, .*layers=4096"),
        (["scaling.depth=2", "limits.layers=60"], r"scaling\.depth=2\.0: makes a network of about 82 layers"),
        (["model.depth_multiplier=1e5"], r"model\.depth_multiplier=100000\.0: makes a network of about 4\.1e\+06"),
        (
            ["model.depth_multiplier=1e5", "scaling.method=width", "scaling.flops=2"],
            r"model\.depth_multiplier=100000\.0: makes a network of about 4\.1e\+06",
        ),
        (["scaling.method=compound", "scaling.phi=50"], r"scaling\.phi=50\.0: makes a network of about 3\.7"),
        (["scaling.method=compound", "scaling.phi=-60"], r"scaling\.phi=-60\.0: makes scaling\.depth 1\.77e-05"),
        (
            ["scaling.method=compound", "scaling.alpha=100", "scaling.phi=64"],
            r"scaling\.phi=64\.0: makes scaling\.depth",
        ),
        (["scaling.resolution=2000"], r"scaling\.resolution=2000\.0: gives 28000 pixels; at most 16384"),
        (
            ["scaling.width=99999", "model.width_multiplier=99999"],
            r"scaling\.width=99999\.0: .* multiply-adds per image",
        ),
    ],
)
def test_networks_beyond_every_measure_are_refused_before_they_are_built(config, overrides, message, monkeypatch):
    built = []
    monkeypatch.setattr(torch.nn.Module, "__init__", lambda module, *_, **__: built.append(type(module)))
    with pytest.raises(ConfigError, match=f"^{message}"):
        run_of(config(*overrides))
    assert not built


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["scaling.phi=2"], r"scaling\.phi=2\.0: needs scaling\.method=compound"),
        (["cuda_graphs=true", "device=cpu"], r"cuda_graphs=True: must be false with device=cpu"),
        (["micro_batch_size=1000"], r"micro_batch_size=1000: must be at most recipe\.batch_size=128"),
        (["+data.classes=3"], r"data\.classes=3: data=fractals has none to set"),
        (["+data.loader_workers=3"], r"data\.loader_workers=3: data=fractals has none to set"),
    ],
)
def test_what_would_be_ignored_is_refused(config, overrides, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        config(*overrides)


@pytest.mark.parametrize("name", ["model", "data", "recipe", "scaling", "latency", "checkpoint"])
def test_a_group_that_is_missing_is_named(name):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config")
    with open_dict(cfg):
        del cfg[name]
    with pytest.raises(ConfigError, match=f"^{name}=None: "):
        parse(cfg)


def test_compound_sets_all_axes(config):
    with pytest.raises(ConfigError, match=r"scaling\.depth=2\.0: must stay 1"):
        config("scaling.method=compound", "scaling.depth=2")


def test_a_point_overrides_the_keys_it_names(config):
    made = config("+scaling.points.a={width: 3, depth: 2}", "scaling.point=a", "scaling.resolution=2").scaling
    assert (made.depth, made.width, made.resolution) == (2, 3, 2)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("{deth: 2}", "scaling.deth=2: unknown key"),
        ("3", "scaling.points.a=3: must hold"),
        ("{recipe: 3}", r"scaling.points.a.recipe=3: must hold recipe keys"),
        ("{recipe: {epoch: 3}}", "recipe.epoch=3: unknown key; allowed are recipe.epochs"),
        ("{seed: x}", "seed=x: must be a whole number from 0"),
        ("{seed: -1}", "seed=-1: must be a whole number from 0"),
    ],
)
def test_a_bad_point_is_named(config, point, message):
    with pytest.raises(ConfigError, match=message):
        config(f"+scaling.points.a={point}", "scaling.point=a")


def test_a_key_that_is_a_word_of_pythons_is_read_and_named_as_it_is_written(config):
    assert config("task=latency", "latency.import=a.csv").latency.import_ == "a.csv"
    with pytest.raises(ConfigError, match=r"^latency\.import=\[1\]: "):
        config("task=latency", "latency.import=[1]")
    assert "latency.import" in set(keys())
