"""Replay: rebuild a service from the journals into an empty database, and compare it with the live one."""
