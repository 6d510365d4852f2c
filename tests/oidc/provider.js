// A real OpenID provider on loopback: `node provider.js STATE`. STATE is a JSON file:
//   {port, audience, scopes: [...], ttl, keys: [private JWK, ...], clients: [{client_id, client_secret, scope, role, region}]}
// The first key signs; all are published. On SIGHUP it reads STATE again and says so on standard output.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const file = process.argv[2];
const read = () => JSON.parse(readFileSync(file, 'utf8'));

function made() {
  const state = read();
  const own = ['role', 'region'];
  const provider = new Provider(`http://127.0.0.1:${state.port}`, {
    clients: state.clients.map((client) => ({
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      id_token_signed_response_alg: state.keys[0].alg, ...client,
    })),
    jwks: { keys: state.keys },
    scopes: state.scopes,
    extraClientMetadata: { properties: own },
    // what an operator configures in a product: the client's role and region as claims of its access token
    extraTokenClaims: (ctx, token) => Object.fromEntries(own.map((name) => [name, token.client?.[name] ?? ctx.oidc.client[name]])),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => state.audience,
        getResourceServerInfo: () => ({
          audience: state.audience,
          scope: state.scopes.join(' '),
          accessTokenFormat: 'jwt',
          accessTokenTTL: state.ttl,
          jwt: { sign: { alg: state.keys[0].alg, kid: state.keys[0].kid } },
        }),
      },
    },
  });
  return { port: state.port, answer: provider.callback() };
}

let serving = made();
const server = createServer((request, response) => serving.answer(request, response));
process.on('SIGHUP', () => { serving = made(); console.log('read again'); });
process.on('SIGTERM', () => process.exit(0));
server.listen(serving.port, '127.0.0.1', () => console.log('serving'));
