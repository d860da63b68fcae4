import pytest

import scaling_study
from scaling_study.config.presets import model_preset
from scaling_study.literature import PUBLISHED_COLUMNS
from scaling_study.models import count_layers
from scaling_study.scaling.coefficients import Coefficients


@pytest.fixture(scope="module")
def table():
    return scaling_study.published()


def test_it_is_one_tidy_frame_in_base_units(table):
    assert table.columns.tolist() == list(PUBLISHED_COLUMNS)
    assert {str(kind) for kind in table.dtypes.map(str)} <= {"string", "float64", "Int64"}
    assert table.source.unique().tolist() == ["published"]
    assert table.citation.notna().all()
    assert table.top1.dropna().between(40, 100).all()
    assert table.flops.dropna().between(1e7, 2e12).all()
    assert table.params.dropna().between(1e6, 1e9).all()


def test_it_holds_the_papers_tables(table):
    assert table.groupby("table").size()[["Table 2", "Table 3", "Table 4", "Table 7"]].tolist() == [24, 14, 4, 5]
    paper = table[table.table == "Table 2"].set_index("model")
    assert (paper.top1["EfficientNet-B7"], paper.flops["EfficientNet-B7"]) == (84.3, 37e9)
    assert paper.params["ResNet-50"] == 26e6
    assert paper.built_as["Xception"] == "legacy_xception"
    scaled = table[(table.table == "Table 7") & (table.method == "compound")].iloc[0]
    assert (scaled.depth, scaled.width, scaled.resolution, scaled.top1) == (1.4, 1.2, 1.3, 81.1)


def test_the_presets_are_the_b_family(table, config):
    family = table[table.table == "B family"].dropna(subset=["built_as"])
    assert len(family) == 8
    for row in family.itertuples():
        model = config(f"model={row.built_as}", "data=imagenet_size").model
        assert (model.depth_multiplier, model.width_multiplier) == (row.depth, row.width)
        assert (model.resolution, model.dropout) == (row.resolution_px, row.dropout)


def test_later_networks_have_the_parameters_and_flops_of_what_is_built(table):
    """To the digits that are printed. TinyNet's parameters and all counts of ResNet-RS are not in the table."""
    later = table[(table.table == "later networks") & table.built_as.notna()]
    assert len(later) == 36
    for row in later[later.flops.notna()].itertuples():
        model = model_preset(row.built_as)
        flops, weights, _ = count_layers(
            model, Coefficients(), classes=1000, channels=3, resolution_px=row.resolution_px
        )
        assert flops == pytest.approx(row.flops, rel=0.02)
        if row.params == row.params:  # the weights are without those of the norms, and papers print two digits
            assert 0.96 < weights / row.params < 1.03
    assert later[later.resolution_px == 320].model.tolist() == ["ResNet-RS-350", "ResNet-RS-420"]


@pytest.mark.slow
def test_what_is_built_here_has_a_model_file(table, config):
    for name in table.built_as.dropna().unique():
        assert config(f"model={name}", "data=imagenet_size").model.name == name


def test_torchvision_describes_its_classifiers(table):
    classifiers = table[table.table == "torchvision"]
    assert len(classifiers) >= 100
    resnet = classifiers[(classifiers.model == "resnet50") & (classifiers.weights == "IMAGENET1K_V1")].iloc[0]
    assert (resnet.top1, resnet.params, resnet.resolution_px) == (76.13, 25_557_032, 224)
    assert resnet.flops == pytest.approx(4.089e9)
    assert set(scaling_study.published(torchvision=False).table) == set(table.table) - {"torchvision"}
