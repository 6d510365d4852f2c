"""Mails: the notifications service beside plain smtplib, into the same sink."""
