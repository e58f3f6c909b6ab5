import numpy as np
import pytest

from hico_mm.report.statistics import accuracy_of, calibration_of, proportion, wilson


@pytest.mark.parametrize('correct, total, low, high', [
    (8, 10, .4902, .9433), (0, 10, 0, .2775), (10, 10, .7225, 1), (263, 464, .5214, .6111)])
def test_wilson_is_where_the_score_test_is_significant(correct, total, low, high):
    found = wilson(correct, total)
    assert found == pytest.approx((low, high), abs=1e-4)
    for end in found:  # at each end p0, |p - p0| is z standard errors of p0
        if 1e-9 < end < 1 - 1e-9:
            assert abs(correct / total - end) == pytest.approx(1.95996 * np.sqrt(end * (1 - end) / total), rel=1e-4)


def test_nothing_is_known_without_trials():
    assert wilson(0, 0) == (0, 1)
    assert proportion(0, 0)['value'] is None


def test_accuracy_and_confusions_by_hand():
    found = accuracy_of(np.array([0, 1, 1, 2, 0, -1]), np.array([0, 0, 1, 2, -1, 2]), 4)
    assert (found['correct'], found['total']) == (3, 5)
    assert found['confusion'] == [[0, 0, 1], [0, 1, 1], [1, 1, 1], [2, 2, 1]]
    assert [one['value'] for one in found['classes']] == [.5, 1, .5, None]
    assert found['mean_class'] == pytest.approx(2 / 3)


def test_calibration_by_hand():
    confidence, right = np.array([.95, .95, .65, .55]), np.array([1, 0, 1, 1])
    probabilities = np.stack([confidence, 1 - confidence], 1)
    found = calibration_of(probabilities, 1 - right, bins=10)
    assert found['ece'] == pytest.approx(.5 * abs(.5 - .95) + .25 * (1 - .65) + .25 * (1 - .55))
    assert [one['total'] for one in found['bins']] == [0] * 5 + [1, 1, 0, 0, 2]
    assert found['confidence'] == pytest.approx(.775) and found['accuracy'] == .75


def test_a_calibrated_classifier_has_a_small_error():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(.5, 1, 200_000)
    labels = (rng.random(len(confidence)) > confidence).astype(int)
    assert calibration_of(np.stack([confidence, 1 - confidence], 1), labels)['ece'] < .01


def test_clips_without_a_label_do_not_count():
    probabilities = np.array([[.9, .1], [.2, .8]])
    assert calibration_of(probabilities, np.array([0, -1]))['accuracy'] == 1
    assert calibration_of(probabilities, np.array([-1, -1])) is None
