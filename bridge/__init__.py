from bridge import _select
_select.select_loop()
