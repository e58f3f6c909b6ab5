"""The page of moving clips in a browser, where there is one."""

import shutil

import numpy as np
import pytest

from hico_mm.structures import get_layout
from hico_mm.visualization.motion import drawing, quantise
from hico_mm.visualization.strip import write_strip

CHROMIUM = shutil.which('chromium')


def test_skeletons_move_and_turn_without_an_error_or_a_request(tmp_path):
    playwright = pytest.importorskip('playwright.sync_api')
    if CHROMIUM is None:
        pytest.skip('there is no chromium')
    motion = quantise(np.random.default_rng(0).normal(size=(2, 40, 25, 3)).cumsum(1))
    evil = '<img src=x onerror="document.title=1">'
    write_strip(tmp_path / 'a.html', [[dict(name=evil, kind='query', label='</script>', motion=motion)]],
                drawing(get_layout('ntu')))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        page, said, asked = browser.new_page(), [], []
        page.on('console', lambda message: said.append(message.text))
        page.on('pageerror', lambda error: said.append(str(error)))
        page.on('request', lambda request: asked.append(request.url))
        page.goto((tmp_path / 'a.html').as_uri())

        def picture():
            return page.evaluate('document.querySelector("canvas").toDataURL()')

        first = picture()
        page.wait_for_timeout(600)
        assert picture() != first
        page.click('#play')
        still = picture()
        page.wait_for_timeout(300)
        assert page.inner_text('#play') == 'Play' and picture() == still
        page.keyboard.press('ArrowRight')
        assert picture() != still and 'turned by 9' in page.inner_text('#angle')
        assert page.inner_text('.name') == evil and page.title() == 'Similar clips'
        browser.close()
    assert said == [] and len(asked) == 1
