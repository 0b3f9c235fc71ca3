export { buildGateway, type GatewayDeps } from './app.ts';
export { gatewaySettings } from './config.ts';
export { openApiDocument } from './contract/openapi.ts';
export { gatewayProcessSettings } from './process-config.ts';
