/**
 * Where this node lets itself be sent. Addresses come from others: a counterpart's credentials name
 * its route, a name's answer may change between two questions, a server may redirect. So the address
 * is judged where the connection is made, once it is resolved, and that very address is connected to.
 *
 * Never: unspecified, link-local (the metadata services of clouds among them), multicast, broadcast,
 * reserved and tunnelled addresses. Loopback and private ones only where that is allowed.
 */
import { lookup as resolve } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { buildConnector } from 'undici';
import type { NodeConfig } from '../../home/config.ts';

const connectTimeoutMs = 10_000;

const neverAddresses = listOf(
  ['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ['::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', '2002::/16', '2001::/32'],
);
/** Metadata services that stand on addresses which are not link-local. */
const metadataAddresses = listOf(
  ['100.100.100.200/32', '168.63.129.16/32'],
  ['fd00:ec2::254/128', 'fd20:ce::254/128'],
);
const privateAddresses = listOf(
  ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['::1/128', 'fc00::/7'],
);

/** What kind of address this is; anything that is none counts as `never`. */
export function kindOfAddress(address: string): 'never' | 'private' | 'public' {
  const [bare = ''] = address.split('%');
  const version = isIP(bare);
  if (version === 0) return 'never';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (neverAddresses.check(bare, family) || metadataAddresses.check(bare, family)) return 'never';
  return privateAddresses.check(bare, family) ? 'private' : 'public';
}

/**
 * Whether routes may lead to loopback and private addresses: as configured, else as the address at
 * which counterparts reach us is one itself.
 */
export function mayReachPrivate(
  config: Pick<NodeConfig, 'privateAddresses' | 'direct' | 'exchange'>,
): boolean {
  if (config.privateAddresses !== null) return config.privateAddresses;
  const own = config.direct === null ? config.exchange.host : new URL(config.direct).hostname;
  const host = unbracketed(own);
  return host === 'localhost' || (isIP(host) !== 0 && kindOfAddress(host) === 'private');
}

/** A connector for undici that connects to no address that it may not; the error says which. */
export function guardedConnector(privateAllowed: boolean): buildConnector.connector {
  const reason = (address: string): string | null => {
    const kind = kindOfAddress(address);
    if (kind === 'never') return `address not allowed: ${address}`;
    if (kind === 'public' || privateAllowed) return null;
    return `address not allowed: ${address} is private (see privateAddresses in the configuration)`;
  };
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup(reason) });
  return (options, callback) => {
    const host = unbracketed(options.hostname);
    const refused = isIP(host) === 0 ? null : reason(host);
    if (refused === null) connect(options, callback);
    else queueMicrotask(() => callback(new Error(refused), null));
  };
}

type Looked = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Resolves a name once; what may not be connected to is not among the answers. */
function guardedLookup(reason: (address: string) => string | null) {
  return (hostname: string, options: LookupOptions, done: Looked): void => {
    resolve(hostname, { ...options, all: true }, (error, all) => {
      if (error !== null) {
        done(error, []);
        return;
      }
      const allowed = all.filter(({ address }) => reason(address) === null);
      const [first] = allowed;
      if (first === undefined) {
        done(new Error(reason(all[0]?.address ?? '') ?? `no address: ${hostname}`), []);
      } else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** Subnets of both families; those of IPv4 also as NAT64 translates them. */
function listOf(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  const parts = (subnet: string): [string, number] => {
    const [net = '', prefix = ''] = subnet.split('/');
    return [net, Number(prefix)];
  };
  for (const subnet of ipv4) {
    const [net, prefix] = parts(subnet);
    list.addSubnet(net, prefix, 'ipv4');
    list.addSubnet(`64:ff9b::${net}`, 96 + prefix, 'ipv6');
  }
  for (const subnet of ipv6) list.addSubnet(...parts(subnet), 'ipv6');
  return list;
}
