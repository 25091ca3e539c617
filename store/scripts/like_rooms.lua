-- All rooms that there are.
return redis.call('ZRANGE', rooms, 0, -1)
