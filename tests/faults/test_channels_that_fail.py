"""A channel that is not what the settings say, or is down, is named with the reason and whose matter it is; the others go on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from builders.openssh import free_port
from builders.stations import TryStation


def test_each_way_in_which_a_channel_fails_is_one_sentence_and_holds_up_no_other(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        base = station.settings_path.parent
        pinned = station.customs.home.host_key_fingerprint
        stranger = base / "keys" / "stranger"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
        text = station.settings_path.read_text(encoding="utf-8")
        good = text[text.index("[channel.sandbox]") : text.index('receive_dir = "out"') + len('receive_dir = "out"\n')]
        for name, old, new in (
            ("other-key", pinned, "SHA256:" + "A" * 43),
            ("refused", "sandbox/client_key", "keys/stranger"),
            ("no-key", "sandbox/client_key", "keys/stranger.pub"),
            ("down", f"port = {station.customs.port}", f"port = {free_port()}"),
            ("no-folder", 'receive_dir = "out"', 'receive_dir = "nowhere"'),
        ):
            assert old in good
            station.add_settings("\n" + good.replace("channel.sandbox", f"channel.{name}").replace(old, new))
        station.add_settings('\n[channel.away]\ntype = "folder"\nsend_dir = "to"\nreceive_dir = "from"\n')
        station.start()
        for name, problem, party, shown in (
            ("other-key", "CEBD-1602", "administrator", pinned),
            ("refused", "CEBD-1603", "administrator", "login refused"),
            ("no-key", "CEBD-1603", "administrator", "stranger.pub"),
            ("down", "CEBD-1601", "network", "refused"),
            ("no-folder", "CEBD-1605", "administrator", "nowhere"),
            ("away", "CEBD-1601", "network", "from"),
        ):
            said = station.condition(f"channel:{name}", problem)
            assert said["party"] == party
            assert shown in said["en"], name
            assert {"login refused": "登录被拒绝"}.get(shown, shown) in said["zh"], name
            assert name in said["zh"]
        station.other_enterprise_goes_on()
        keys = [one["key"] for one in station.standing()["conditions"]]
        assert "channel:sandbox" not in keys
        assert "Traceback" not in station.log()
