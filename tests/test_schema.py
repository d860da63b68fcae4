import pytest

from scaling_study.errors import ConfigError
from scaling_study.records.identity import run_of


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("recipe.epochs=0", "recipe.epochs=0: must be 1 or more"),
        ("recipe.epochs=1.5", "recipe.epochs=1.5: Value '1.5' of type 'float'"),
        ("scaling.depth=0", "scaling.depth=0.0: must be a number above 0"),
        ("scaling.width=-1", "scaling.width=-1.0: must be a number above 0"),
        ("scaling.resolution=nan", "scaling.resolution=nan: must be a number above 0"),
        ("scaling.width=inf", "scaling.width=inf: must be a number above 0"),
        ("scaling.phi=nan", "scaling.phi=nan: must be a finite number"),
        ("scaling.method=best", "scaling.method=best: must be one of depth, width, resolution"),
        ("scaling.point=nowhere", r"scaling.point=nowhere: must be one of scaling.points: \(none\)"),
        ("+scaling.points.a=3", None),
        ("study=..", r"study=\.\.: must be one folder name"),
        ("study=a/b", "study=a/b: must be one folder name"),
        ("study=/tmp/x", "study=/tmp/x: must be one folder name"),
        ("study=''", "study=: must be one folder name"),
        ("device=tpu", "device=tpu: must be one of auto, cpu, cuda"),
        ("workers=0", "workers=0: must be auto or 1 or more"),
        ("workers=some", "workers=some: must be auto or 1 or more"),
        ("seed=-1", "seed=-1: must be from 0 up to 4294967295"),
        ("data.name=mnist", "data.name=mnist: must be one of fractals"),
        ("model.name=vgg", "model.name=vgg: must be micro_mbconv; model=timm takes"),
        ("data.train_images=0", "data.train_images=0: must be 1 or more, or null for all"),
        ("recipe.label_smoothing=1", "recipe.label_smoothing=1.0: must be from 0"),
        ("recipe.batch_size=1", "recipe.batch_size=1: must be 2 or more"),
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


def test_compound_sets_all_axes(config):
    with pytest.raises(ConfigError, match=r"scaling\.depth=2\.0: must stay 1"):
        config("scaling.method=compound", "scaling.depth=2")


def test_a_point_overrides_the_keys_it_names(config):
    made = config("+scaling.points.a={width: 3, depth: 2}", "scaling.point=a", "scaling.resolution=2").scaling
    assert (made.depth, made.width, made.resolution) == (2, 3, 2)


@pytest.mark.parametrize(
    ("point", "message"), [("{deth: 2}", "scaling.deth=2: unknown key"), ("3", "scaling.points.a=3: must hold")]
)
def test_a_bad_point_is_named(config, point, message):
    with pytest.raises(ConfigError, match=message):
        config(f"+scaling.points.a={point}", "scaling.point=a")
