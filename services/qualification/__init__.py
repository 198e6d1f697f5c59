"""The département's side: what the SAT and the délégué do with a request, from its arrival to its outcome."""
