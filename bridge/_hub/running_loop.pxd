cpdef get_running_loop()
cpdef set_running_loop(loop)
