"""The JSON API: filing, following, territories and figures."""
