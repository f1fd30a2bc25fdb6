"""Title, logo, footer and heading of the pages for people, as the settings say."""

import pytest

from tests.running.site import Site

LOGO = "data:image/svg+xml;base64,PHN2Zy8+"


@pytest.mark.parametrize("path", ["/account/login", "/oauth/device", "/account/password"])
async def test_pages_for_people_carry_the_settings_title_logo_and_footer(site: Site, path: str) -> None:
    await site.change_settings(page_title="Acme & Sons", page_logo=LOGO, page_footer="Ask <help>")
    await site.sign_in("newcomer")
    page = (await site.http.get(path)).text
    assert "Acme &amp; Sons" in page
    assert f'src="{LOGO.replace("+", "&#43;")}"' in page or f'src="{LOGO}"' in page
    assert "Ask &lt;help&gt;" in page


async def test_the_consent_page_has_a_heading_of_its_own(site: Site) -> None:
    await site.change_settings(consent_heading="May {client} come in?")
    await site.change_client(name="<Ledger>")
    await site.sign_in()
    assert "<h1>May &lt;Ledger&gt; come in?</h1>" in (await site.ask()).text
