// A source for targets that are nothing but a precompiled header.
