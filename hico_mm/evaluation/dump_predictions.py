"""Write the predictions of a test."""

from mmaction.registry import METRICS
from mmengine.evaluator import DumpResults
from mmengine.logging import print_log

from ..fileio import dump_pickle


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """MMEngine's ``DumpResults``, but an existing file stays whole until the new one is complete."""

    def compute_metrics(self, results: list) -> dict:
        """Write the predictions; they are no score."""
        dump_pickle(results, self.out_file_path)
        print_log(f'the predictions are in {self.out_file_path}', 'current')
        return {}
