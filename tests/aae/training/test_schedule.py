import pytest
import torch
from torch import nn

from aae.training.schedule import RunningMeans, scheduled_share, set_learning_rates, update_average


def test_the_rate_rises_stays_and_falls() -> None:
    shares = [scheduled_share(warmup_steps=4, cooldown=0.5, step=step, n_steps=20) for step in range(20)]
    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    assert shares[4:11] == [1.0] * 7
    assert shares[15] == 0.5
    assert shares[19] == pytest.approx(0.1)
    assert scheduled_share(0, 0.5, 999, 1000) == pytest.approx(0.02)


def test_every_group_of_an_optimizer_has_its_own_peak() -> None:
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [parameter]} for parameter in parameters], lr=1.0)
    set_learning_rates(optimizer, [0.5, 2.0], 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.5]


def test_an_average_follows_faster_in_the_first_steps() -> None:
    average, model = nn.Linear(1, 1), nn.Linear(1, 1)
    average.weight.data.zero_()
    model.weight.data.fill_(1.0)
    update_average(average, model, decay=0.9, step=0)
    assert average.weight.item() == pytest.approx(0.9)
    average.weight.data.zero_()
    update_average(average, model, decay=0.9, step=1000)
    assert average.weight.item() == pytest.approx(0.1)


def test_means_begin_anew_after_each_report() -> None:
    meter = RunningMeans()
    for value in (1.0, 3.0):
        meter.add({"distance": torch.tensor(value)}, 4)
    metrics, notes_per_s = meter.take()
    assert metrics == {"loss/distance": 2.0}
    assert notes_per_s > 0
    meter.add({"distance": torch.tensor(5.0)}, 4)
    assert meter.take()[0] == {"loss/distance": 5.0}
