import numpy as np

from aae.evaluation.measures.mixing import MixCurve


def test_a_mix_is_steady_if_the_second_s_part_never_falls() -> None:
    rising = np.linspace(0.0, 1.0, 11)
    assert MixCurve("a", "b", 60, np.stack([1.0 - rising, rising], axis=1)).rises
    others_between = np.stack([(1.0 - rising) ** 3, rising**3], axis=1)
    assert MixCurve("a", "b", 60, others_between).rises
    falling = rising.copy()
    falling[5] = 0.1
    assert not MixCurve("a", "b", 60, np.stack([1.0 - falling, falling], axis=1)).rises
