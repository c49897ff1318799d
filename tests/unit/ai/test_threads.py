from bot_core.ai.threads import at_most, windows_at_once
from bot_core.config.models import DaskCompute, LocalCompute


def test_a_stage_alone_takes_what_the_configuration_says() -> None:
    assert windows_at_once(LocalCompute(workers=3)) == 3
    assert windows_at_once(DaskCompute(address="tcp://nowhere:1")) == -1


def test_models_beside_each_other_get_their_share_and_it_ends_with_them() -> None:
    with at_most(2):
        assert windows_at_once(LocalCompute(workers=8)) == 2
        with at_most(1):
            assert windows_at_once(DaskCompute(address="tcp://nowhere:1")) == 1
        assert windows_at_once(LocalCompute(workers=8)) == 2
    assert windows_at_once(LocalCompute(workers=8)) == 8
