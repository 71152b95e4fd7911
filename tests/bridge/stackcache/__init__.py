"""Tests of bridge._stackcache."""
