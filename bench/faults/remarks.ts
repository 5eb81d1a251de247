/** Why a figure is what it is, where the figure alone does not say it. */
export const REMARKS: Readonly<Record<string, string>> = {
  'E1, E4 POST':
    'a POST that a killed or paused container had received is not sent again, since it may have been executed: those ' +
    'fail with 502, at once when the container is killed. While it is paused they are given 5 s to be answered after all, which ' +
    'is the slowest request. HAProxy fails none because it sends them again, at the risk of executing them twice; with ' +
    '`disable-l7-retry` for POST it does not.',
  E13:
    'HAProxy and nginx let newcomers wait until idle clients go. Fairlead closes connections that never asked anything when ' +
    'somebody asks, and refuses who finds no place.',
  'E3a, E3b POST':
    'a POST that was sent on a waiting connection as the application closed it may have arrived, and is not sent again.',
  E3b:
    'nginx leaves a server alone for 10 s after a failure (`fail_timeout`): the restarts come in quicker succession, so at the ' +
    'third none is left.',
  'E6, E7a, E7b':
    'latencies of the others but of HAProxy in E6 hold the warm-up before the fault, too: these were measured before it was left out.',
  'E1 GET':
    "the address of a killed container vanishes from Docker's network, so that a connect gets no answer, until Docker tells: " +
    'nobody but Fairlead hears that. What is slow here is the start of a container on the same two busy cores.',
  'E7c, E7d':
    'once a part of a response has gone to the client there is no way back for any proxy: the client must see it cut. How many ' +
    'are is a question of how soon the backend is out.',
  E8a: 'without `5xx` in `retry.on` each 503 goes to the client until the backend is out.',
  E7e:
    'a second response in the same read as the first closes the connection; one that comes when the next request is already ' +
    'under way is its answer, and no proxy can tell. Fairlead uses no connection to such a backend again for a minute.',
  E11: 'connections of clients to the killed worker break, with the requests in flight on them.',
  E16a:
    'a POST that was written to a connection as it died may have arrived, and is not sent again; after the first such death ' +
    'POSTs get fresh connections for a while.',
};
