"""The same program under real uWSGI and under the engine, answer by answer."""
