// node-oidc-provider, in memory as it comes: client_credentials and introspection.
import { Provider } from 'oidc-provider'

const port = Number(process.argv[2])
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'bench',
    client_secret: process.env.BENCH_SECRET,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'bench',
  }],
  scopes: ['bench'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
  },
})
provider.listen(port, '127.0.0.1')
