"""The gateway as a process under load for minutes while three vendors misbehave: `make soak`; 20 s in the suite."""
