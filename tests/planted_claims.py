"""For each claim on molecules, runs that agree with it and runs that refute it."""

from functools import cache

import made_up_verdict as made
from score_mlx.models.graphs.spec import ARCHS

PRINTED = [n.row for n in made.PRINTED if (n.target, n.column) == ("table2", "rmse_mean")]  # the paper's best first


@cache
def paper_rank(model):
    return PRINTED.index(model) if model in PRINTED else 20


def mean(of):
    """Plants a mean RMSE."""
    return lambda spec: {"mean": of(spec)}


def graph(of, other=0.6):
    """Plants a mean RMSE of graph networks; of anything else another one."""
    return mean(lambda spec: of(spec) if spec.FAMILY == "graphs" else other)


def form(**values):
    """Mean RMSE by form of depth, 0.6 of the others."""
    return graph(lambda spec: values.get(spec.config, 0.6))


def of_arch(archs, config, value, other=0.6):
    """Mean RMSE of some architectures in one form."""
    return graph(lambda spec: value if spec.arch in archs and spec.config == config else other)


def jitters(value, archs=ARCHS, config="base", other=0.01):
    """Plants how restless curves are."""
    return lambda spec: {
        "jitter": value if spec.FAMILY == "graphs" and spec.arch in archs and spec.config == config else other
    }


def speeds(of):
    return lambda spec: {"speed": of(spec) if spec.FAMILY == "graphs" else 1.0}


def gain(percent):
    """SCORE better than the stack by so much."""
    return form(SCORE=0.6 * (1 - percent / 100))


def spread(spec):
    return {"spread": 0.3 if getattr(spec, "network", "") == "score_mlp" else 1.0}


def sizes(score, base=1000):
    return lambda spec: {"parameters": score if spec.model.startswith("SCORE") else base}


def by_rank(sign):
    return graph(lambda spec: 0.55 + sign * 0.004 * paper_rank(spec.model))


def one_best(model):
    return graph(lambda spec: 0.5 if spec.model == model else 0.6)


def gatv2(difference):
    return graph(lambda spec: 0.6 + difference * (spec.arch == "gatv2"))


def option(name, value, difference):
    """Runs that differ in one option differ by so much."""
    return graph(lambda spec: 0.6 + difference * (getattr(spec, name) == value))


def solo(ratio):
    """Seconds of an epoch timed alone: SCORE's are so many times the stack's, by a hundredth more or less."""
    scatter = {arch: 1 + 0.01 * (place % 2) for place, arch in enumerate(ARCHS)}
    return {(arch, "base"): 1.0 for arch in ARCHS} | {(arch, "SCORE"): ratio * scatter[arch] for arch in ARCHS}


SOLO = solo(1.0), solo(0.5)
SPEEDUP = {True: 2.0, False: 1.0}
# id -> runs that agree with the claim, runs that refute it
PLANTED = {
    "catboost_best": (
        mean(lambda s: 0.5 if s.model == "CatBoost" else 0.6),
        mean(lambda s: {"CatBoost": 0.55, "SVR": 0.5}.get(s.model, 0.6)),
    ),
    "score_mlp_equal": (mean(lambda s: 0.6), mean(lambda s: 0.6 + 0.1 * (s.model == "SCORE-MLP"))),
    "score_mlp_variance": (spread, lambda spec: {"spread": 1 / spread(spec)["spread"]}),
    "score_mlp_parameters": (sizes(900), sizes(1100)),
    "shap_helps_lasso": (
        mean(lambda s: 0.7 if getattr(s, "top", 0) == 217 else 0.6),
        mean(lambda s: 0.5 if getattr(s, "top", 0) == 217 else 0.6),
    ),
    "top13_score": (form(SCORE=0.5, SCORE_skip05=0.5), form(base=0.5, skip05=0.5)),
    "dmpnn_skip05_first": (one_best("dmpnn_skip05"), one_best("gat")),
    "second_is_skip05": (
        graph(lambda s: {"gat": 0.4, "gat_skip05": 0.5}.get(s.model, 0.6)),
        graph(lambda s: {"dmpnn_skip05": 0.4, "gat": 0.5}.get(s.model, 0.6)),
    ),
    "beat_catboost": (form(SCORE=0.5), form(SCORE=0.7, SCORE_skip05=0.7)),
    "one_equals_catboost": (
        graph(lambda s: 0.5 if s.model == "gcn_skip05" else 0.7, other=0.5),
        graph(lambda s: 0.5, other=0.5),
    ),
    "rank_agreement": (by_rank(1), by_rank(-1)),
    "score_beats_stack": (form(SCORE=0.5), form(SCORE=0.7)),
    "classic_helps_gat": (of_arch(["gat"], "classic", 0.5), of_arch(["gat"], "classic", 0.7)),
    "classic_hurts": (form(classic=0.7), form(classic=0.5)),
    "stacked_unstable": (jitters(0.1, ["mpnn", "gt"]), jitters(0.1, ["gcn", "gat"])),
    "layernorm_helps": (form(classic=0.5), form(classic=0.7)),
    "skip05_stable": (jitters(0.1), jitters(0.1, config="skip05")),
    "score_stable": (jitters(0.1), jitters(0.1, config="SCORE")),
    "molattfp_stable": (
        lambda s: {"jitter": 0.1 * (getattr(s, "readout", "") == "sum")},
        lambda s: {"jitter": 0.1 * (getattr(s, "readout", "") != "sum")},
    ),
    "molattfp_worth": (option("readout", "sum", 0.03), option("readout", "sum", -0.03)),
    "score_mlp_head": (option("head", "score_mlp", 0.0), option("head", "score_mlp", 0.05)),
    "integrators": (option("integrator", "rk4", 0.005), option("integrator", "rk4", 0.05)),
    "dt_half_equal": (form(SCORE_skip05=0.605), form(SCORE_skip05=0.7)),
    "learned_dt": (option("learn_dt", True, -0.005), option("learn_dt", True, -0.05)),
    "fewer_parameters": (sizes(500), sizes(1000)),
    "no_faster_epoch": (lambda s: {}, lambda s: {}),  # `SOLO` plants the seconds
    "speedup_above_one": (speeds(lambda s: SPEEDUP[s.recurrent]), speeds(lambda s: SPEEDUP[not s.recurrent])),
    "gt_not_fitted": (
        graph(lambda s: 0.9 if s.arch == "gt" and s.recurrent else 0.6),
        speeds(lambda s: SPEEDUP[s.recurrent]),
    ),
    "rdkit_speeds": (speeds(lambda s: SPEEDUP[s.descriptors]), speeds(lambda s: SPEEDUP[not s.descriptors])),
    "rdkit_most_for_gt": (
        speeds(lambda s: 1 + s.descriptors * (1 + (s.arch == "gt"))),
        speeds(lambda s: 1 + s.descriptors * (1 + (s.arch == "gat"))),
    ),
    "rdkit_best": (option("descriptors", True, 0.05), option("descriptors", True, -0.05)),
    "gat_every_depth": (form(SCORE=0.5), form(SCORE=0.7)),
    "gat_gain": (gain(7), gain(-7)),
    "gat_molattfp_every_depth": (form(SCORE=0.5), form(SCORE=0.7)),
    "gat_molattfp_gain": (gain(7), gain(-7)),
    "gatv2_nothing": (gatv2(0.005), gatv2(-0.05)),
    "dmpnn_gain": (gain(2), gain(-2)),
    "less_oversmoothing": (
        lambda s: {"mad": 0.3 if s.model.startswith("SCORE") else 0.2},
        lambda s: {"mad": 0.1 if s.model.startswith("SCORE") else 0.2},
    ),
}  # fmt: skip
