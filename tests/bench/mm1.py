"""M/M/1 in SimPy, as bench/scenarios/theory/M-M-1.json: mm1.py CUSTOMERS"""

import random
import sys

import simpy

RATE, MEAN_S = 48 / 60, 1.0


class Queue:
    def __init__(self, env):
        self.env = env
        self.server = simpy.Resource(env, capacity=1)
        self.waited = 0.0

    def customer(self):
        arrived = self.env.now
        with self.server.request() as turn:
            yield turn
            self.waited += self.env.now - arrived
            yield self.env.timeout(random.expovariate(1 / MEAN_S))

    def arrivals(self, customers):
        for _ in range(customers):
            yield self.env.timeout(random.expovariate(RATE))
            self.env.process(self.customer())


def main():
    customers = int(sys.argv[1])
    random.seed(7)
    env = simpy.Environment()
    queue = Queue(env)
    env.process(queue.arrivals(customers))
    env.run()
    print(f"{queue.waited / customers:.3f} s of waiting; theory says 4")


main()
