"""Figure 2: both formats, the same bytes twice, and one bad model that does not flatten the rest."""

import made_up_records as made_up
import numpy as np
import pytest
from matplotlib import image
from matplotlib import pyplot as plt
from matplotlib.text import Text
from score_mlx.experiments.models import drawing as configurations
from score_mlx.models.classical.spec import CatBoost
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.plots import learning_curves, style
from score_mlx.system.errors import UserError

PAPER = {"SCORE_gat": {"rank": 13, "rmse_mean": 0.564, "rmse_std": 0.04}}


CATBOOST = made_up.run(made_up.record(CatBoost("esol", "catboost"), best=[0.56] * 5), made_up.meta())


def forty(dataset=made_up.ESOL, **options):
    return [made_up.run(*pair) for pair in made_up.all_forty(dataset, **options)]


def made(config, best):
    return made_up.run(made_up.record(GraphSpec("esol", "gt", config), best=best), made_up.meta())


def test_png_and_pdf_with_the_same_bytes_twice(tmp_path):
    for name in ("a", "b"):
        configurations.draw(forty(), tmp_path / name / "figure2.png", title="Figure 2", paper=PAPER, baseline=CATBOOST)
    for suffix in ("png", "pdf"):
        a, b = ((tmp_path / name / f"figure2.{suffix}").read_bytes() for name in ("a", "b"))
        assert a == b
    height, width, _ = image.imread(tmp_path / "a" / "figure2.png").shape
    assert width > 1200 and height > 600  # 200 dpi over a page's width
    written = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert written == [f"figure2.{kind}" for kind in ("json", "md", "pdf", "png")]


def test_captions_say_what_is_drawn(tmp_path):
    configurations.draw(forty(), tmp_path / "a.png", title="Figure 2. Five configurations", paper=PAPER)
    configurations.draw(forty(made_up.NCI, epochs=2), tmp_path / "b.png", title="Figure 2. Five configurations")
    paper, stand_in = ((tmp_path / f"{name}.md").read_text() for name in "ab")
    assert paper.startswith("**Figure 2. Five configurations.** A point is the lowest validation RMSE")
    assert "ESOL" in paper and "preset" in paper and "cuts" in paper and "STAND-IN" not in paper
    assert stand_in.startswith("**Figure 2. Five configurations – STAND-IN DATA.** Stand-in data with computed labels")


def test_labels_at_the_ends_of_curves_do_not_touch():
    figure, axes = plt.subplots()
    axes.set_ylim(0, 1)
    style.label_ends(axes, [(0.5, "b", "k"), (0.501, "c", "k"), (0.1, "a", "k"), (float("nan"), "d", "k")])
    heights = [text.xyann[1] for text in axes.texts]
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "d"]
    assert heights[0] == 0.1 and np.diff(heights).min() > 0.05
    plt.close(figure)


def test_a_model_that_blew_up_does_not_set_the_scale():
    calm = [run for run in forty() if run.spec.arch != "gt"]
    lowest, highest = configurations.limits([*calm, made("base", [9.0, 8.0, 1e6, 7.0, 8.0]), made("SCORE", [None] * 5)])
    assert (lowest, highest) == configurations.limits(calm)
    assert lowest < min(min(run.best) for run in calm) and highest > max(max(run.best) for run in calm)
    assert configurations.limits([made("base", [None] * 5)]) == (0.0, 1.0)


def test_a_curve_that_stays_high_is_in_view_unless_it_blew_up():
    low, high, lost = np.array([3.0, 0.6, 0.7]), np.array([4.0, 1.8, 2.0]), np.full(3, np.nan)
    assert learning_curves.limits([low, lost]) == pytest.approx((0.54, 1.2))
    assert learning_curves.limits([low, high, np.full(3, 1e6)]) == pytest.approx((0.54, 1.98))
    assert learning_curves.limits([lost]) == (0.0, 1.0)


def test_diverged_models_cut_runs_and_stand_ins_are_drawn(tmp_path, monkeypatch):
    save, written = style.save, {}

    def read(figure, path, *text):
        written[path.stem] = "\n".join(each.get_text() for each in figure.findobj(Text))
        save(figure, path, *text)

    monkeypatch.setattr(style, "save", read)
    configurations.draw(
        [made("base", [None, 0.6, 0.6, 0.6, 0.6]), made("classic", [900.0] * 5), made("SCORE", [0.6] * 5)],
        tmp_path / "one.png",
        title="Figure 2",
        paper=PAPER,
    )
    configurations.draw(forty(made_up.NCI, epochs=2), tmp_path / "two.png", title="Figure 2")
    assert (tmp_path / "one.pdf").stat().st_size > 5000 and (tmp_path / "two.pdf").stat().st_size > 5000
    assert "diverged" in written["one"] and "STAND-IN" not in written["one"]
    assert "STAND-IN DATA" in written["two"] and "epochs 2/150" in written["two"]


def test_records_of_different_data_do_not_share_a_figure(tmp_path):
    with pytest.raises(UserError, match="dataset name"):
        configurations.draw([*forty(), *forty(made_up.NCI)], tmp_path / "x.png", title="")
    assert list(tmp_path.iterdir()) == []


def test_every_configuration_has_a_colour_and_a_marker_of_its_own():
    assert set(style.CONFIG_STYLE) == set(CONFIGS)
    for place in (0, 1):
        assert len({look[place] for look in style.CONFIG_STYLE.values()}) == len(CONFIGS)
