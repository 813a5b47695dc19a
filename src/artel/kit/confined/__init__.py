"""Work on hostile input in a process of its own, which may hang, swell or be taken over without harm to this one."""
