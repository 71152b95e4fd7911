"""What gevent's ILoop promises, tested on the bridge's loop and on gevent's libev loop alike."""
