// Searchkit's API over our index, for comparison: node server.mjs PORT ELASTICSEARCH INDEX "facet:size,facet:size,…"
//
// GET /search?<facet>=<code>…&token=…&around=lat,lon&miles=25&sort=distance&page=0 asks what our API is asked: all
// tokens, exact totals, the same facets, each counted without its own selection (which InstantSearch asks for with one
// request more for each selected facet). `fuzzy=1` leaves the query to Searchkit's own, which forgives typos.
import http from 'node:http'
import Client from '@searchkit/api'

const [port, host, index, sizes] = process.argv.slice(2)
const facets = sizes.split(',').map((pair) => pair.split(':'))
const size = Object.fromEntries(facets.map(([name, count]) => [name, Number(count)]))
const weights = { names: 4, modalities: 2, concerns: 2, professions: 1.5, cities: 1.5, bio: 1 }
const texts = Object.entries(weights).map(([name, weight]) => ({ field: `text.${name}`, weight }))

const settings = {
  search_attributes: texts,
  result_attributes: ['profile'],
  facet_attributes: facets.map(([name]) => ({
    attribute: name,
    field: name,
    type: 'string',
    // One request names one size for all facets; the exact one for each is what our API answers.
    facetQuery: (field) => ({ terms: { field, size: size[field] } })
  })),
  geo_attribute: 'point',
  sorting: { default: { field: 'verified_on', order: 'desc' } }
}
const client = Client({ connection: { host }, search_settings: settings })

const allTokens = (query) => ({
  bool: {
    filter: query.split(' ').map((token) => ({ term: { all: token } })),
    should: query.split(' ').flatMap((token) =>
      texts.map(({ field, weight }) => ({ term: { [field]: { value: token, boost: weight } } })))
  }
})

async function search(url) {
  const args = url.searchParams
  const chosen = Object.keys(size).filter((name) => args.has(name))
  const query = args.getAll('token').join(' ')
  const filters = (names) => names.map((name) => args.getAll(name).map((code) => `${name}:${code}`))
  const place = args.has('around') ? { aroundLatLng: args.get('around'), aroundRadius: `${args.get('miles')}mi` } : {}
  const asked = (names, params) => ({
    indexName: index,
    params: { query, facetFilters: filters(names), ...place, ...params }
  })
  const requests = [
    asked(chosen, { facets: ['*'], hitsPerPage: 20, page: Number(args.get('page') ?? 0) }),
    ...chosen.map((name) => asked(chosen.filter((n) => n !== name), { facets: [name], hitsPerPage: 0 }))
  ]
  return client.handleRequest(requests, {
    ...(args.has('fuzzy') ? {} : { getQuery: allTokens }),
    hooks: {
      beforeSearch: (bodies) => bodies.map((one) => {
        one.body.track_total_hits = true
        if (query) delete one.body.sort
        if (args.get('sort') === 'distance') {
          const [lat, lon] = args.get('around').split(',').map(Number)
          one.body.sort = [{ _geo_distance: { point: { lat, lon }, order: 'asc', unit: 'mi' } }]
        }
        return one
      })
    }
  })
}

http.createServer(async (request, response) => {
  try {
    const answer = await search(new URL(request.url, 'http://localhost'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  } catch (error) {
    console.error(error)
    response.writeHead(500)
    response.end()
  }
}).listen(Number(port), '127.0.0.1')
