// Express with jose: one resource behind a JWT guard.
import { readFileSync } from 'node:fs'
import express from 'express'
import { importSPKI, jwtVerify } from 'jose'

const key = await importSPKI(readFileSync(process.env.BENCH_PUBLIC_KEY, 'utf8'), 'RS256')
const app = express()

async function guard(request, response, next) {
  const [scheme, token] = (request.get('authorization') ?? '').split(' ')
  if (scheme !== 'Bearer') return response.status(401).json({ error: 'invalid_token' })
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['RS256'], audience: 'bench' })
    if (!payload.scope.split(' ').includes('bench')) return response.status(403).json({ error: 'insufficient_scope' })
    request.subject = payload.sub
  } catch {
    return response.status(401).json({ error: 'invalid_token' })
  }
  next()
}

app.get('/hello', guard, (request, response) => {
  response.json({ hello: request.query.name, subject: request.subject })
})
app.listen(Number(process.argv[2]), '127.0.0.1')
