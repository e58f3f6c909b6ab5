import re

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from hico_mm.errors import UserError
from hico_mm.models.heads import HierarchicalClsHead, HierarchicalContrastHead, KNNHead
from hico_mm.models.losses import info_nce
from hico_mm.structures import LEVELS, HierarchicalFeatures


def embeddings(n=3, granularities=4, dim=8):
    return {level: F.normalize(torch.randn(*((n, granularities, dim) if level in ('clip', 'part') else (n, dim))),
                               dim=-1) for level in LEVELS}


def test_who_is_contrasted_with_whom():
    head, q, k = HierarchicalContrastHead(dim=8, queue_length=20), embeddings(), embeddings()
    memory = {level: queue.features for level, queue in head.queues.items()}
    lengths = dict(clip=80, part=80, temporal=20, spatial=20, instance=20)
    assert {level: len(m) for level, m in memory.items()} == lengths
    losses = head.loss(q, k)
    expected = dict(
        clip=info_nce(q['clip'][:, 0], k['clip'], memory['clip']),
        part=info_nce(q['part'][:, 0], k['part'], memory['part']),
        temporal=info_nce(q['temporal'], k['spatial'], memory['spatial']),
        spatial=info_nce(q['spatial'], k['temporal'], memory['temporal']),
        instance=info_nce(q['instance'], k['instance'], memory['instance']))
    for level in LEVELS:
        torch.testing.assert_close(losses[f'loss_{level}'], expected[level])
        assert 0 <= losses[f'acc_{level}'] <= 1


def test_loss_leaves_the_queues_and_enqueue_fills_them_sample_by_sample():
    head, q, k = HierarchicalContrastHead(dim=8, queue_length=20), embeddings(), embeddings()
    before = {name: buffer.clone() for name, buffer in head.state_dict().items()}
    head.loss(q, k)
    assert all((buffer == before[name]).all() for name, buffer in head.state_dict().items())
    head.enqueue(k)
    torch.testing.assert_close(head.queues['clip'].features[:12], k['clip'].reshape(12, 8))
    torch.testing.assert_close(head.queues['spatial'].features[:3], k['spatial'])


def test_weights_and_levels():
    head = HierarchicalContrastHead(dim=8, queue_length=5, levels=('instance', 'clip'), loss_weights=dict(clip=0.5))
    plain = HierarchicalContrastHead(dim=8, queue_length=5, levels=('instance', 'clip'))
    plain.load_state_dict(head.state_dict())
    q, k = embeddings(), embeddings()
    losses = head.loss(q, k)
    assert [name for name in losses if 'loss' in name] == ['loss_clip', 'loss_instance'] and len(head.queues) == 2
    torch.testing.assert_close(losses['loss_clip'], 0.5 * plain.loss(q, k)['loss_clip'])
    with pytest.raises(ValueError, match="each other's keys: switch both on or off"):
        HierarchicalContrastHead(levels=('temporal', 'instance'))
    with pytest.raises(ValueError, match='loss_weights must be one or more of'):
        HierarchicalContrastHead(levels=('instance', ), loss_weights=dict(clip=1))


def samples(*labels):
    return [ActionDataSample().set_gt_label(label) for label in labels]


def test_knn_votes_like_scikit_learn():
    from sklearn import neighbors
    gallery, labels, queries = torch.randn(50, 6), torch.randint(4, (50, )), torch.randn(30, 6)
    for k in (1, 5):
        head = KNNHead(num_classes=4, k=k, chunk=7)
        head.set_gallery(gallery, labels)
        theirs = neighbors.KNeighborsClassifier(k, metric='cosine', algorithm='brute', weights=lambda d: 1 - d / 2)
        theirs.fit(gallery.numpy(), labels.numpy())
        scores = head(queries)
        assert scores.argmax(1).tolist() == theirs.predict(queries.numpy()).tolist()
        nearest = F.cosine_similarity(queries[:, None], gallery[None], dim=-1).topk(k, 1)
        torch.testing.assert_close(scores.sum(1), ((1 + nearest.values) / 2).mean(1))


def test_an_index_finds_what_comparing_every_clip_does():
    pytest.importorskip('faiss')
    gallery, labels, queries = torch.randn(200, 6), torch.randint(4, (200, )), torch.randn(30, 6)
    exact, flat, coarse = (KNNHead(num_classes=4, k=5, index=index) for index in (None, 'Flat', 'IVF8,Flat'))
    for head in exact, flat, coarse:
        head.set_gallery(gallery, labels)
    torch.testing.assert_close(flat(queries), exact(queries))
    votes = coarse(queries).sum(1)  # it looks at one of 8 parts, and may find no more than a few
    assert (votes <= exact(queries).sum(1) + 1e-5).all() and votes.mean() > 0.5


def test_knn_predicts_the_nearest_and_says_what_is_missing():
    head = KNNHead(num_classes=3)
    with pytest.raises(RuntimeError, match='has no gallery: add dict\\(type="GalleryHook"\\)'):
        head(torch.randn(1, 4))
    with pytest.raises(ValueError, match=r'labels 0..3, but the head has num_classes=3'):
        head.set_gallery(torch.randn(2, 4), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match='gallery of 2 clips cannot give k=5'):
        KNNHead(num_classes=3, k=5).set_gallery(torch.randn(2, 4), torch.tensor([0, 1]))
    head.set_gallery(torch.eye(4)[:3], torch.tensor([2, 0, 1]))
    features = HierarchicalFeatures(torch.tensor([[[5., 1]], [[0, 3]]]), torch.tensor([[[0., 0]], [[1, 0]]]))
    predicted = head.predict(features, samples(0, 0))
    assert [sample.pred_label.item() for sample in predicted] == [2, 0]
    assert 'gallery' not in ''.join(head.state_dict())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert (head(torch.eye(4).bfloat16()).argmax(1)[:3] == torch.tensor([2, 0, 1])).all()


def test_classifier_is_linear_on_its_level():
    head = HierarchicalClsHead(num_classes=3, in_channels=8, level='temporal')
    assert head.fc.weight.std().item() == pytest.approx(0.01, rel=0.5) and not head.fc.bias.any()
    features = HierarchicalFeatures(torch.randn(2, 2, 4), torch.randn(2, 2, 4))
    torch.testing.assert_close(head(features), features.temporal @ head.fc.weight.t())
    with pytest.raises(ValueError, match='temporal feature has 12 channels: set cls_head.in_channels to this'):
        head(HierarchicalFeatures(torch.randn(2, 4, 3)))
    loss = head.loss(features, samples(0, 2))['loss_cls']
    torch.testing.assert_close(loss, F.cross_entropy(head(features), torch.tensor([0, 2])))


@pytest.mark.parametrize('head', [HierarchicalClsHead, KNNHead])
@pytest.mark.parametrize('level', ['clip', 'part', 'foo'])
def test_only_levels_with_one_vector_for_a_clip_can_be_classified(head, level):
    with pytest.raises(UserError, match=f"level must be one of .*'instance'.*, got '{level}'"):
        head(num_classes=3, level=level)


def test_classifier_standardises_by_the_training_features():
    head, features = HierarchicalClsHead(num_classes=3, in_channels=8, standardize=True), 3 * torch.randn(400, 8) + 5
    features[:, 2] = 7  # without variance
    torch.testing.assert_close(head(features), features @ head.fc.weight.t())  # nothing is known yet
    head.fit_features(features)
    standard = (features - features.mean(0)) / features.std(0, unbiased=False).clamp(min=1e-9)
    standard[:, 2] = 0
    for mode in True, False:
        torch.testing.assert_close(head.train(mode)(features), standard @ head.fc.weight.t(), rtol=1e-4, atol=1e-5)
    assert head(features + 0.01).sub(head(features)).abs().max() < 1
    assert {'mean', 'std'} < set(head.state_dict())  # a checkpoint of the classifier has them
    plain = HierarchicalClsHead(num_classes=3, in_channels=8)
    plain.fit_features(features)
    assert set(plain.state_dict()) == {'fc.weight', 'fc.bias'}


@pytest.mark.parametrize('changes, said', [
    *((dict(temperature=value), 'temperature must be a finite number above 0, got')
      for value in (0, -1, float('nan'), float('inf'), 'warm', None, True)),
    (dict(queue_length=0), 'queue_length must be a finite number above 0'),
    *((dict(loss_weights=dict(clip=value)), "loss_weights['clip'] must be a finite number of at least 0")
      for value in (-1, float('nan'), 'much'))])
def test_numbers_that_cannot_be_are_refused(changes, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        MODELS.build(dict(type='HierarchicalContrastHead', **changes))
