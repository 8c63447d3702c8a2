"""The live host: explorers and exercises in a real JupyterLab, with a kernel behind them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Browser, Locator, Page, expect

from gate_by_gate.explorers import EXPLORERS, se
from gate_by_gate.widgets.definition import Definition
from tests.browser.comparing import compare, prepare
from tests.browser.jupyterlab import Lab, jupyterlab, run
from tests.patience import HANG_SECONDS

WAIT_MS = 1000 * HANG_SECONDS  # a kernel that imports torch on a busy machine

SOURCE = """\
from gate_by_gate.explorers import SEExplorer
explorer = SEExplorer(tab="cost")
explorer
"""
REFUSED = """\
try:
    explorer.reduction = 512
except Exception as error:
    print(type(error).__name__, error)
"""
EXERCISE = """\
from gate_by_gate.widgets.exercises import predict
predict("How many?", 8464, because="Both layers.", hints={8192: "Weights alone."})
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def notebook(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(WAIT_MS)
    yield page
    page.close()


RUN_ALL = """async () => {
    const { context, sessionContext } = jupyterapp.shell.currentWidget;
    await context.ready;
    await sessionContext.ready;
    await jupyterapp.commands.execute("notebook:run-all-cells");
}"""


def open_and_run(page: Page, lab: Lab, name: str, source: str, ready: str, text: str = "") -> None:
    """Open a notebook of one cell of code, below one of text, run it, and wait until ``ready`` shows."""
    page.goto(lab.write_notebook(name, source, text=text))
    page.wait_for_function("() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(RUN_ALL)
    page.locator(ready).wait_for()


def parameters(setting: dict[str, object]) -> str:
    """Return the parameter count that the explorer must show."""
    return se.DEFINITION.record(setting)["cost"]["parameters"]["total"]["text"]


def test_an_explorer_follows_the_browser_and_python_and_survives_its_kernel(lab: Lab, notebook: Page):
    open_and_run(notebook, lab, "explorer.ipynb", SOURCE, ".attn-explorer[data-ready=true]")
    reduction = notebook.locator("[data-control=reduction]")
    total = notebook.locator("output[data-name=parameters]")
    status = notebook.locator(".attn-status")
    setting = dict(se.DEFINITION.defaults)
    expect(total).to_have_text(parameters(setting))

    kernel = lab.kernel_of("explorer.ipynb")
    with lab.client(kernel) as client:
        # The browser moves a control: Python computes.
        reduction.focus()
        notebook.keyboard.press("ArrowLeft")
        setting["reduction"] = 8
        expect(total).to_have_text(parameters(setting))
        assert run(client, "print(explorer.reduction)").strip() == "8"

        # Python sets a trait: the control moves, also to a value that no page publishes.
        run(client, "explorer.reduction = 3")
        setting["reduction"] = 3
        expect(reduction).to_have_attribute("aria-valuetext", "3")
        expect(total).to_have_text(parameters(setting))
        notebook.get_by_role("tab", name="One image").click()
        expect(notebook.locator("[data-part=gates] .attn-note")).to_contain_text(
            "No network was trained with r = 3"
        )
        assert run(client, "print(explorer.tab)").strip() == "gates"
        run(client, "explorer.tab = 'cost'")
        expect(total).to_have_text(parameters(setting))
        run(client, "explorer.reduction = 16")
        setting["reduction"] = 16
        expect(total).to_have_text(parameters(setting))

        # A value that the block refuses is refused in the block's words, and changes nothing.
        assert run(client, REFUSED).strip() == (
            "TraitError `reduction` must be between 1 and `channels`; got reduction=512 for channels=256"
        )
        expect(reduction).to_have_attribute("aria-valuetext", "16")
        # The page had not moved, so it has nothing to put back; a move that the block refuses is put back.
        run(client, "explorer.reduction = 8\nexplorer.channels = 8")
        expect(notebook.locator("[data-control=channels]")).to_have_attribute("aria-valuetext", "8")
        reduction.focus()
        notebook.keyboard.press("End")
        expect(status).to_have_text(
            "`reduction` must be between 1 and `channels`; got reduction=16 for channels=8"
        )
        expect(reduction).to_have_attribute("aria-valuetext", "8")
        run(client, "explorer.channels = 256\nexplorer.reduction = 16")
        expect(reduction).to_have_attribute("aria-valuetext", "16")
        expect(status).to_have_text("")

        process = int(run(client, "import os; print(os.getpid())"))

    # The kernel dies: the explorer says so, shows what it has, and says what it lacks.
    os.kill(process, signal.SIGKILL)
    expect(status).to_contain_text("The kernel does not answer")
    notebook.locator(".jp-Dialog button.jp-mod-accept").click()
    reduction.focus()
    notebook.keyboard.press("ArrowLeft")
    setting["reduction"] = 8
    expect(reduction).to_have_attribute("aria-valuetext", "8")
    expect(total).to_have_text(parameters(setting))
    notebook.keyboard.press("ArrowLeft")
    expect(notebook.locator("[data-part=cost] .attn-note")).to_contain_text(
        "not computed before the kernel stopped"
    )


COUNTED = """\
from gate_by_gate.explorers import SEExplorer
explorer = SEExplorer(tab="cost")
moves = []
explorer.observe(moves.append, "channels")
explorer
"""
SEVERAL = """\
from IPython.display import display
from gate_by_gate.explorers import EXPLORERS
explorers = {{name: EXPLORERS[name]() for name in {names}}}
for explorer in explorers.values():
    display(explorer)
"""


def of_every_kind() -> list[str]:
    """Name a few explorers that have together every style of control and every kind of item there is."""
    kinds = {}
    for name, explorer in EXPLORERS.items():
        definition = explorer.definition
        items = [item.kind.kind for part in definition.parts.values() for item in part.items]
        kinds[name] = {*items, *(control.style for control in definition.controls.values())}
    named, left = [], set().union(*kinds.values())
    while left:
        named.append(max(kinds, key=lambda name: len(kinds[name] & left)))
        left -= kinds[named[-1]]
    return named


def expect_setting(figure: Locator, client: BlockingKernelClient, setting: dict[str, object]) -> None:
    """Wait until an explorer stands at a setting on the page and in Python, and says nothing else."""
    name = figure.get_attribute("data-explorer")
    code = EXPLORERS[name].definition.code
    if code:
        expect(figure.locator(".attn-code code")).to_have_text(code(setting))
    deadline = time.monotonic() + HANG_SECONDS
    while run(client, f"print(explorers[{name!r}].setting == {setting!r})").strip() != "True":
        assert time.monotonic() < deadline, f"{name} did not reach {setting}"
        time.sleep(0.05)
    # A kernel that is slow to answer is taken for lost until it does.
    expect(figure.locator(".attn-status")).to_be_empty()
    expect(figure).to_have_attribute("aria-busy", "false")


def check_live(figure: Locator, client: BlockingKernelClient, definition: Definition) -> None:
    """Move every control to its last value; what is shown is what Python computes, the code with it."""
    assert figure.get_by_role("button", name="copy link").count() == 0  # the address is the notebook's
    code = figure.locator(".attn-code summary")
    assert code.count() == (definition.code is not None)
    if definition.code:
        code.click()
    setting = dict(definition.defaults)
    for control in definition.controls.values():
        at = len(control.values) - 1
        figure.evaluate("(figure, [name, at]) => reading.set(figure, name, at)", [control.name, at])
        setting[control.name] = control.values[at]
        expect_setting(figure, client, setting)
    for part in definition.parts.values():
        shown = figure.evaluate(
            "(figure, [spec, name]) => reading.read(figure, spec, name)", [definition.spec(), part.name]
        )
        compare(shown, part.data(setting), part, definition, setting)
    figure.get_by_role("button", name="reset").click()
    expect_setting(figure, client, dict(definition.defaults))


# What makes an explorer live is the kit's, and of controls and items; what each computes, units look at.
@pytest.mark.parametrize(
    "names",
    [of_every_kind(), pytest.param(list(EXPLORERS), marks=pytest.mark.nightly)],
    ids=["of every kind", "all"],
)
def test_explorers_are_live(lab: Lab, notebook: Page, names: list[str]):
    file = f"{len(names)}.ipynb"
    ready = f"[data-explorer={names[-1]}][data-ready=true]"
    open_and_run(notebook, lab, file, SEVERAL.format(names=names), ready)
    prepare(notebook)
    with lab.client(lab.kernel_of(file)) as client:
        for name in names:
            definition = EXPLORERS[name].definition
            check_live(notebook.locator(f"figure[data-explorer={name}]"), client, definition)


def test_rapid_moves_are_coalesced_and_end_at_the_last_value(lab: Lab, notebook: Page):
    open_and_run(notebook, lab, "rapid.ipynb", COUNTED, ".attn-explorer[data-ready=true]")
    channels = notebook.locator("[data-control=channels]")
    positions = len(se.CHANNELS.values)
    channels.evaluate(
        """(input, positions) => {
            const moveTo = (at) => { input.value = at; input.dispatchEvent(new Event("input")); };
            for (let turn = 0; turn < 5; turn++) for (let at = 0; at < positions; at++) moveTo(at);
            moveTo(2);
        }""",
        positions,
    )
    setting = se.DEFINITION.defaults | {"channels": se.CHANNELS.values[2]}
    expect(notebook.locator("output[data-name=parameters]")).to_have_text(parameters(setting))
    with lab.client(lab.kernel_of("rapid.ipynb")) as client:
        assert run(client, "print(explorer.channels)").strip() == str(se.CHANNELS.values[2])
        # Fewer records than moves: what comes while the kernel computes waits, and only the newest goes.
        assert 1 <= int(run(client, "print(len(moves))")) < 5 * positions
    expect(notebook.locator("figure.attn-explorer")).to_have_attribute("aria-busy", "false")


def test_a_link_of_the_text_sets_the_explorer(lab: Lab, notebook: Page):
    text = (
        "[Halve r](#se:tab=cost&reduction=8&channels=512), [back](#se:tab=cost), [other](#eca:channels=64)."
    )
    open_and_run(notebook, lab, "links.ipynb", SOURCE, ".attn-explorer[data-ready=true]", text=text)
    reduction, total = (
        notebook.locator("[data-control=reduction]"),
        notebook.locator("output[data-name=parameters]"),
    )
    notebook.get_by_role("link", name="Halve r").click()
    expect(reduction).to_have_attribute("aria-valuetext", "8")
    expect(total).to_have_text(parameters(se.DEFINITION.defaults | {"reduction": 8, "channels": 512}))
    notebook.get_by_role("link", name="other").click()
    expect(reduction).to_have_attribute("aria-valuetext", "8")
    notebook.get_by_role("link", name="back").click()
    expect(total).to_have_text(parameters(dict(se.DEFINITION.defaults)))


def test_an_exercise_answers_in_a_notebook(lab: Lab, notebook: Page):
    open_and_run(notebook, lab, "exercise.ipynb", EXERCISE, ".attn-exercise[data-ready=true]")
    feedback = notebook.locator(".attn-feedback")
    answer = notebook.get_by_label("Your prediction")
    for given, expected in [("8192", "Not quite. Weights alone."), ("8,464", "Right. Both layers.")]:
        answer.fill(given)
        notebook.keyboard.press("Enter")
        expect(feedback).to_have_text(expected)
