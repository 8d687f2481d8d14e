"""Alarms by mail, over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from cebd.alarms.kind import NotDelivered
from cebd.alarms.rounds import Notice
from cebd.alarms.settings import MailAlarm
from cebd.alarms.texts import paragraphs, title

_SECONDS = 15.0


class MailSender:
    """Sends by the server of the settings; a connection for each message."""

    def __init__(self, settings: MailAlarm, base: Path) -> None:
        self._settings = settings
        self._base = base

    def deliver(self, station: str, notice: Notice, language: str) -> None:
        wanted = self._settings
        password = wanted.password.read(self._base) if wanted.password is not None else None
        try:
            with self._connected() as server:
                if wanted.user is not None and password is not None:
                    server.login(wanted.user, password)
                server.send_message(_message(wanted, title(station, notice, language), paragraphs(notice, language)))
        except smtplib.SMTPAuthenticationError:
            raise NotDelivered("the mail server refuses user or password") from None
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answers {error.smtp_code}") from None
        except smtplib.SMTPException as error:
            raise NotDelivered(type(error).__name__) from None
        except OSError as error:  # an ssl.SSLError is an OSError
            raise NotDelivered(getattr(error, "reason", None) or error.strerror or type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        wanted = self._settings
        if wanted.security == "none":
            return smtplib.SMTP(wanted.host, wanted.port, timeout=_SECONDS)
        context = ssl.create_default_context(cafile=self._base / wanted.authority if wanted.authority else None)
        if wanted.security == "tls":
            return smtplib.SMTP_SSL(wanted.host, wanted.port, timeout=_SECONDS, context=context)
        server = smtplib.SMTP(wanted.host, wanted.port, timeout=_SECONDS)
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


def _message(settings: MailAlarm, subject: str, texts: list[str]) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office answers stay away
    message.set_content("\n\n".join(texts) + "\n")
    return message
