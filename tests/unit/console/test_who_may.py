"""Who may come in, and what each may do: without a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from builders.consoles import EVERYTHING, PASSWORD, TryConsole
from cebd.console.attempts import Attempts
from cebd.operations.console import accounts
from cebd.operations.text import Refused
from cebd.store.console.accounts import Role


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


def test_nobody_sees_a_page_without_logging_in_and_is_led_back_to_it(here: TryConsole) -> None:
    here.account("li", Role.ENTER)
    stranger = here.visitor()
    for address in ("/", "/records", "/drops/1", "/people", "/records/1/message", "/codes/units"):
        answer = stranger.get(address)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), address
    assert stranger.client.post("/drafts", data={"type": "CEB621"}).headers["location"] == "/login"
    assert stranger.log_in("li", next="/records").headers["location"] == "/records"
    assert stranger.get("/records").status_code == 200


def test_whoever_logs_in_again_is_on_the_list_that_was_filtered(here: TryConsole) -> None:
    here.account("li")
    asked = here.visitor().get("/records?group=needs&type=CEB621").headers["location"]
    wanted = parse_qs(urlsplit(asked).query)["next"][0]
    assert here.visitor().log_in("li", next=wanted).headers["location"] == "/records?group=needs&type=CEB621"


def test_a_page_that_was_left_open_goes_to_the_login_as_a_whole_when_its_session_is_over(here: TryConsole) -> None:
    shown = "http://127.0.0.1:8621/records/7?from=mail"
    answer = here.visitor().get("/records/7/now", **{"hx-request": "true", "hx-current-url": shown})
    assert (answer.status_code, answer.content) == (401, b""), "no login form is put into the page"
    assert answer.headers["hx-redirect"] == "/login?next=/records/7%3Ffrom%3Dmail"


def test_what_goes_wrong_with_a_part_of_a_page_does_not_take_the_place_of_the_page(here: TryConsole) -> None:
    visitor = here.logged_in()
    answer = visitor.get("/records/7/now", **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-reswap"]) == (409, "none")
    data = {"token": visitor.token(), "row": "2"}
    refused = visitor.client.post("/imports/7/rows", data=data, headers={"hx-request": "true"})
    assert (refused.status_code, refused.headers["hx-reswap"]) == (409, "beforebegin")
    assert "没有这个导入文件" in refused.text
    assert "<html" not in refused.text


def test_an_address_that_there_is_not_is_said_in_words_with_a_way_on(here: TryConsole) -> None:
    visitor = here.logged_in()
    for address, status in (("/no such page", 404), ("/records/1/change", 405), ("/codes/cheese", 404)):
        answer = visitor.get(address)
        assert answer.status_code == status
        assert 'lang="zh-CN"' in answer.text
        assert "回到总览" in answer.text
    assert visitor.get("/api/cheese").json()["zh"].startswith("没有这个地址")


def test_the_language_is_changed_without_losing_the_filter(here: TryConsole) -> None:
    visitor = here.logged_in()
    page = visitor.get("/records?group=needs&type=CEB621").text
    (link,) = re.findall(r'href="(/language/en[^"]*)"', page)
    assert visitor.get(link).headers["location"] == "/records?group=needs&type=CEB621"


def test_with_tls_no_other_program_of_the_machine_can_plant_the_cookie(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path, 'listen_cert = "cert.pem"\nlisten_key = "key.pem"\n')
    here.account("li")
    visitor = here.visitor("https://127.0.0.1:8621")
    cookie = visitor.log_in("li").headers["set-cookie"]
    assert cookie.startswith("__Host-cebd_session=")
    assert {"secure", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert visitor.get("/").status_code == 200
    visitor.post("/logout")
    assert visitor.get("/").status_code == 303


def test_a_page_of_another_site_is_never_gone_on_to(here: TryConsole) -> None:
    here.account("li")
    for address in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        assert here.visitor().log_in("li", next=address).headers["location"] == "/"


def test_a_wrong_password_and_a_name_that_there_is_not_are_answered_alike(here: TryConsole) -> None:
    here.account("li")
    wrong, nobody = here.visitor().log_in("li", "wrong password"), here.visitor().log_in("who", PASSWORD)
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace('value="li"', "") == nobody.text.replace('value="who"', "")


def test_after_five_failures_the_right_password_waits_too(here: TryConsole) -> None:
    here.account("li")
    here.account("wang")
    for _ in range(5):
        assert here.visitor().log_in("li", "wrong password").status_code == 401
    late = here.visitor().log_in("li")
    assert late.status_code == 429
    assert "10 分钟" in late.text
    assert here.visitor().log_in("wang").status_code == 303


def test_failures_are_forgotten_after_ten_minutes() -> None:
    now = 0.0
    attempts = Attempts(lambda: now)
    for _ in range(5):
        attempts.failed("li", "192.0.2.1")
    assert attempts.wait("li", "192.0.2.1") == 601
    now = 601.0
    assert attempts.wait("li", "192.0.2.1") == 0


def test_nobody_keeps_another_person_out_by_failing_in_his_name() -> None:
    attempts = Attempts(lambda: 0.0)
    tries = 0
    while not attempts.wait(f"name {tries // 4}", "192.0.2.66"):
        attempts.failed(f"name {tries // 4}" if tries % 2 else "li", "192.0.2.66")
        tries += 1
    assert tries <= 50, "whoever tries any names is stopped, too"
    assert attempts.wait("li", "192.0.2.1") == 0
    for nth in range(5):  # of one machine, which has many
        attempts.failed("wang", f"fd00::{nth:x}")
    assert attempts.wait("wang", "fd00::ffff%eth0") > 0
    assert attempts.wait("wang", "::ffff:192.0.2.1") == 0
    for nth in range(100):  # of many
        attempts.failed("li", f"198.51.100.{nth}")
    assert attempts.wait("li", "192.0.2.1") > 0
    assert attempts.wait("zhao", "192.0.2.1") == 0


def test_passwords_and_what_browsers_keep_stand_nowhere_in_the_store(here: TryConsole) -> None:
    visitor = here.logged_in()
    kept = visitor.client.cookies["cebd_session"]
    here.store.close()
    stored = b"".join(path.read_bytes() for path in here.settings.store_dir.iterdir() if path.is_file())
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert kept.encode() not in stored


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(here: TryConsole) -> None:
    here.account("li")
    cookie = here.visitor().log_in("li").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_who_only_looks_can_neither_enter_nor_declare_nor_administer(here: TryConsole) -> None:
    visitor = here.logged_in(roles=(Role.VIEW,))
    assert visitor.get("/records").status_code == 200
    for address in ("/drafts", "/people", "/records/1/message", "/receipts/1"):
        assert visitor.get(address).status_code == 403, address
    assert visitor.post("/drafts", type="CEB621", enterprise="trial").status_code == 403


def test_who_enters_cannot_declare(here: TryConsole) -> None:
    visitor = here.logged_in(roles=(Role.ENTER,))
    draft = visitor.post("/drafts", type="CEB311", enterprise="trial").headers["location"]
    assert "action" in visitor.get(draft).text
    assert 'value="declare"' not in visitor.get(draft).text
    assert visitor.post(draft, action="declare").status_code == 403
    assert not list(here.made.inbox.glob("*.json"))


def test_a_form_without_the_token_of_its_session_does_nothing(here: TryConsole) -> None:
    visitor, other = here.logged_in(), here.logged_in("wang")
    for token in ("", "0" * 32, other.token()):
        assert visitor.post("/drafts", token=token, type="CEB311", enterprise="trial").status_code == 403
    assert "/drafts/1" not in visitor.get("/drafts").text


@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_form_of_another_sites_page_is_refused_even_with_the_token(here: TryConsole, headers: dict[str, str]) -> None:
    visitor = here.logged_in()
    fields = {"token": visitor.token(), "type": "CEB311", "enterprise": "trial"}
    assert visitor.client.post("/drafts", data=fields, headers=headers).status_code == 403


def test_a_name_that_somebody_else_makes_point_here_is_refused(here: TryConsole) -> None:
    here.account("li")
    for base in ("http://elsewhere.example", "http://127.0.0.1.elsewhere.example:8621", "http://192.0.2.7:8621"):
        assert here.visitor(base).get("/login").status_code == 421
    for base in ("http://localhost:8621", "http://127.0.0.1", "http://[::1]:8621"):
        assert here.visitor(base).get("/login").status_code == 200


def test_logging_out_ends_the_session_in_the_store_not_only_in_the_browser(here: TryConsole) -> None:
    visitor = here.logged_in()
    kept = visitor.client.cookies["cebd_session"]
    visitor.post("/logout")
    visitor.client.cookies.set("cebd_session", kept)
    assert visitor.get("/").status_code == 303


def test_an_administrator_logs_somebody_out_everywhere(here: TryConsole) -> None:
    other = here.logged_in("wang", (Role.VIEW,))
    assert here.logged_in().post("/people", end="wang").status_code == 303
    assert other.get("/").status_code == 303


@pytest.mark.parametrize("change", ["password", "removal"])
def test_another_password_and_a_removed_account_end_its_sessions(here: TryConsole, change: str) -> None:
    visitor = here.logged_in()
    if change == "password":
        accounts.set_password(here.store, "li", "another " + PASSWORD)
    else:
        accounts.remove_account(here.store, "li")
    assert visitor.get("/").status_code == 303
    assert here.visitor().log_in("li").status_code == 401


def test_a_session_ends_when_nobody_uses_it_and_at_the_end_of_the_day(here: TryConsole) -> None:
    visitor = here.logged_in()
    for hours in (1.5, 3, 4.5, 6, 7.5, 9, 10.5, 12):
        here.clock.moment += timedelta(minutes=90)
        assert visitor.get("/").status_code == 200, hours
    here.clock.moment += timedelta(minutes=1)
    assert visitor.get("/").status_code == 303
    idle = here.visitor()
    idle.log_in("li")
    for _ in range(4):
        here.clock.moment += timedelta(minutes=40)
        idle.get("/now")  # the page asks by itself
    assert idle.get("/").status_code == 303


def test_a_short_password_is_refused(here: TryConsole) -> None:
    with pytest.raises(Refused, match="12"):
        accounts.put_account(here.store, "li", EVERYTHING, "eleven char", here.clock.now())


def test_browsers_are_told_to_run_nothing_that_is_not_ours_and_to_keep_no_page(here: TryConsole) -> None:
    visitor = here.logged_in()
    for address in ("/", "/login", "/no such page"):
        headers = visitor.get(address).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_speak_chinese_until_a_person_wants_english(here: TryConsole) -> None:
    visitor = here.logged_in()
    assert "总览" in visitor.get("/").text
    assert visitor.get("/language/en?next=/records").headers["location"] == "/records"
    page = visitor.get("/").text
    assert "Overview" in page
    assert "总览" not in page


def test_a_person_changes_the_own_password_and_every_browser_is_logged_out(here: TryConsole) -> None:
    visitor, other = here.logged_in(), here.visitor_of("li")
    assert visitor.post("/account", old="wrong", new="another good password").status_code == 422
    assert visitor.post("/account", old=PASSWORD, new="short").status_code == 422
    assert visitor.post("/account", old=PASSWORD, new="another good password").headers["location"] == "/login"
    assert visitor.get("/").status_code == other.get("/").status_code == 303
    assert here.visitor().log_in("li", "another good password").status_code == 303


def test_a_person_logs_out_another_browser_of_the_own_account_and_nobody_elses(here: TryConsole) -> None:
    visitor, other, wang = here.logged_in(), here.visitor_of("li"), here.logged_in("wang", (Role.VIEW,))
    (digest,) = re.findall(r'name="session" value="(\w+)"', visitor.get("/account").text)
    wang.post("/account", session=digest)
    assert other.get("/").status_code == 200
    visitor.post("/account", session=digest)
    assert other.get("/").status_code == 303
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaa", "abababababab", "wang20261234567", "1234123412341234"])
def test_a_password_that_is_guessed_first_is_refused(here: TryConsole, password: str) -> None:
    with pytest.raises(Refused, match="guessed"):
        accounts.put_account(here.store, "wang", EVERYTHING, password, here.clock.now())


@pytest.mark.parametrize(
    "password",
    [
        "q1w2e3r4t5y6",  # as it stands in the list
        "Password2024!",
        "ILOVEYOU1314520",
        "dragon-dragon-dragon",
        "P@ssw0rd2024",
        "passwordpassword",
        "ｐａｓｓｗｏｒｄ２０２４",  # in full-width letters
    ],
)
def test_a_common_password_of_breaches_is_refused_whatever_is_put_around_it(here: TryConsole, password: str) -> None:
    with pytest.raises(Refused) as refused:
        accounts.put_account(here.store, "wang", EVERYTHING, password, here.clock.now())
    assert "常用密码" in refused.value.text.zh


@pytest.mark.parametrize(
    "password", ["correct horse battery", "七匹马在雪山上跑得飞快吗", "dragon sells 40 kettles", "Xk7#pq92Lm!vd"]
)
def test_a_password_of_several_words_or_of_chance_is_taken(here: TryConsole, password: str) -> None:
    accounts.put_account(here.store, "wang", EVERYTHING, password, here.clock.now())
    assert here.visitor().log_in("wang", password).status_code == 303


def test_the_journal_says_what_a_new_account_may(here: TryConsole) -> None:
    accounts.put_account(here.store, "zhao", map(Role, ["enter"]), PASSWORD, here.clock.now())
    visitor = here.logged_in()
    assert "zhao：录入" in visitor.get("/journal").text
    visitor.get("/language/en")
    assert "zhao: enter" in visitor.get("/journal").text
