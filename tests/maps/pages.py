"""What tests do with an opened page of the web map."""

MAP = "map_registry"


def screen_position(page, lon, lat):
    at = page.evaluate(
        f"([lat, lon]) => {{ const at = {MAP}.latLngToContainerPoint([lat, lon]);"
        f" const box = {MAP}.getContainer().getBoundingClientRect(); return [at.x + box.x, at.y + box.y]; }}",
        [lat, lon],
    )
    return at[0], at[1]


def painted(page, canvas=0):
    """How many pixels of a canvas are not empty: the first holds what is drawn of the registry."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate(
        "(number) => { const canvas = document.querySelectorAll('.leaflet-overlay-pane canvas')[number];"
        " const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        " let count = 0; for (let at = 3; at < data.length; at += 4) if (data[at]) count += 1; return count; }",
        canvas,
    )


def click_on(page, lon, lat):
    page.mouse.click(*screen_position(page, lon, lat))
    page.wait_for_selector(".leaflet-popup .record")
    return page.inner_text(".leaflet-popup .record")


def until(page, expression):
    """Wait for what a script sees; the page's own policy forbids Playwright's way of waiting for it."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def look_for(page, text):
    page.fill("#find-text", text)
    page.press("#find-text", "Enter")
    return page.inner_text("#found"), page.inner_text("#find-said")
