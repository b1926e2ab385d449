"""How pictures come to the queue besides the picker: dropped, in folders, pasted; and what is said where none comes."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.steps import photo
from tests.browser.uploading import choose, names, picture, row


def drop(page: Page, *paths: Path, onto: str = ".drop__zone") -> None:
    """Let files and folders go, as the system's own file manager does."""
    box = page.locator(onto).bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    mouse = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        mouse.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


def folder(at: Path, *files: str) -> Path:
    """A folder of pictures, each another, and of files that are none."""
    for number, name in enumerate(files):
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number + 10) if name.endswith(".png") else b"just words")
    return at


def test_a_folder_gives_its_pictures_and_those_of_its_folders(visit, tmp_path: Path) -> None:
    page: Page = visit()
    at = folder(tmp_path / "holiday", "10.png", "2.png", "notes.txt", "._2.png", "Sea/1.png", ".DS_Store")
    drop(page, at)
    expect(page.locator("li.card")).to_have_count(3)
    assert names(page) == ["2.png", "10.png", "1.png"]
    expect(page.locator("li.refusal")).to_have_count(0)


def test_files_and_folders_come_together(visit, tmp_path: Path) -> None:
    page: Page = visit()
    files = folder(tmp_path, "a.png", "notes.txt", "more/b.png")
    drop(page, files / "a.png", files / "more", files / "notes.txt")
    expect(page.locator("li.card")).to_have_count(2)
    expect(page.locator("li.refusal")).to_contain_text("notes.txt")


def test_of_a_large_folder_the_first_are_taken_and_the_page_says_so(visit, tmp_path: Path) -> None:
    page: Page = visit()
    drop(page, folder(tmp_path / "many", *[f"{number}.png" for number in range(23)]))
    expect(page.get_by_text("The folder has more than 20 pictures")).to_be_visible()
    expect(page.locator("li.card")).to_have_count(20, timeout=30_000)
    assert names(page) == [f"{number}.png" for number in range(20)]


def test_a_folder_without_pictures_says_so(visit, tmp_path: Path) -> None:
    page: Page = visit()
    drop(page, folder(tmp_path / "texts", "notes.txt"))
    expect(page.get_by_text("There is no picture in this folder.")).to_be_visible()


def test_a_file_that_is_dropped_beside_the_zone_does_not_leave_the_page(visit, tmp_path: Path) -> None:
    page: Page = visit()
    url = page.url
    drop(page, folder(tmp_path, "a.png") / "a.png", onto="h1")
    page.wait_for_timeout(500)
    assert page.url == url
    expect(page.locator(".queue-row, li.card")).to_have_count(0)


DROP_ADDRESS = """
() => {
  const transfer = new DataTransfer();
  transfer.setData("text/uri-list", "https://example.org/picture.jpg");
  transfer.setData("text/html", '<img src="https://example.org/picture.jpg">');
  const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer });
  document.querySelector(".drop__zone").dispatchEvent(event);
}
"""


def test_a_picture_of_another_page_without_its_file_gets_a_clear_message(visit) -> None:
    page: Page = visit()
    page.evaluate(DROP_ADDRESS)
    notice = page.locator("li.refusal")
    expect(notice).to_contain_text("The browser gave only the address of this picture")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


PASTE = """
([where, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: transfer });
  document.querySelector(where).dispatchEvent(event);
}
"""


def test_a_picture_can_be_pasted_but_not_into_a_text(visit) -> None:
    page: Page = visit()
    page.evaluate(PASTE, ["body", list(picture(1))])
    expect(page.locator("li.card")).to_have_count(1)
    page.evaluate(PASTE, ["li.card textarea", list(picture(2))])
    page.wait_for_timeout(300)
    expect(page.locator(".queue-row, .refusal")).to_have_count(0)
    expect(page.locator("li.card")).to_have_count(1)


def test_the_same_file_can_be_chosen_again_after_it_was_cancelled(visit) -> None:
    page: Page = visit(in_trouble=True)
    page.context.set_offline(True)
    choose(page, photo("1.png", picture(1), "image/png"))
    row(page, "1.png").get_by_role("button", name="Cancel").click()
    expect(page.locator(".queue-row")).to_have_count(0)
    page.context.set_offline(False)
    choose(page, photo("1.png", picture(1), "image/png"))
    expect(page.locator("li.card")).to_have_count(1)


def test_a_file_over_the_limit_is_not_sent_at_all(visit) -> None:
    page: Page = visit()
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    choose(page, photo("huge.png", bytes(20_000_001), "image/png"))
    expect(page.locator("li.refusal")).to_contain_text("The file is over 20 MB.")
    expect(page.get_by_role("button", name="Dismiss huge.png")).to_be_visible()
    assert sent == []


def test_a_file_that_was_deleted_since_it_was_chosen_says_so(visit, tmp_path: Path) -> None:
    page: Page = visit(in_trouble=True)
    page.context.set_offline(True)
    path = folder(tmp_path, "gone.png") / "gone.png"
    page.locator("input[name=pictures]").set_input_files(path)
    expect(row(page, "gone.png")).to_be_visible()
    path.unlink()
    page.context.set_offline(False)
    expect(row(page, "gone.png").get_by_text("the file was moved or changed since you chose it")).to_be_visible()
    expect(row(page, "gone.png").get_by_role("button", name="Retry")).to_be_hidden()
